import type { Graph, Node, Tensor } from './ir.js';
import { floatTensor, int64Tensor } from './tensor.js';

/**
 * Turns the Constant nodes of the main graph into initializers of the same names: some exporters put every weight into one.
 * Subgraphs stay as they are. Sparse constants and those that Lathe cannot read stay nodes.
 */
export function liftConstants(graph: Graph): void {
  graph.nodes = graph.nodes.filter((node) => {
    const name = node.outputs[0];
    if (node.opType !== 'Constant' || node.domain !== '' || name === undefined) return true;
    const tensor = constantTensor(node);
    if (tensor === undefined) return true;
    graph.initializers.set(name, tensor);
    graph.valueInfo.delete(name);
    return false;
  });
}

/** The value of a Constant node, or undefined if it is given in a form that Lathe does not read. */
export function constantTensor(node: Node): Tensor | undefined {
  for (const [name, attribute] of node.attributes) {
    if (name === 'value' && attribute.type === 'tensor') {
      const { name: _inner, ...tensor } = attribute.value;
      return tensor;
    }
    if (name === 'value_float' && attribute.type === 'float') return floatTensor([attribute.value], []);
    if (name === 'value_floats' && attribute.type === 'floats') {
      return floatTensor(attribute.value, [attribute.value.length]);
    }
    if (name === 'value_int' && attribute.type === 'int') return int64Tensor([attribute.value], []);
    if (name === 'value_ints' && attribute.type === 'ints') return int64Tensor(attribute.value);
    if (name === 'value_string' && attribute.type === 'string') return stringTensor([attribute.value], []);
    if (name === 'value_strings' && attribute.type === 'strings') {
      return stringTensor(attribute.value, [attribute.value.length]);
    }
  }
  return undefined;
}

function stringTensor(values: readonly string[], dims: readonly number[]): Tensor {
  const strings = values.map((value) => new TextEncoder().encode(value));
  return { dataType: 'string', dims, bytes: new Uint8Array(0), strings };
}
