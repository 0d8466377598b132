import { type Graph, intAttribute, type Model, type Node, nodeLabel, type Tensor } from '../onnx/ir.js';
import { elementCount, zeroCount } from './tensor-zeros.js';
import { type WeightInput, weightInput } from './weight-inputs.js';

export interface ModelSize {
  /** Weights, biases, scales and shifts that training would set; see `modelSize`. */
  readonly parameters: number;
  /** Those that are not zero; of a quantized weight, those that differ from its zero point. */
  readonly nonzeroParameters: number;
  /** Share of zeros, 0..1; 0 for a model without parameters. */
  readonly sparsity: number;
  /** The same by initializer, in the order of the file. */
  readonly tensors: readonly TensorCount[];
}

export interface TensorCount {
  readonly name: string;
  /** The first node that computes with it; of a quantized tensor, behind its DequantizeLinear. */
  readonly node: string;
  readonly parameters: number;
  readonly nonzeroParameters: number;
}

/**
 * The parameters of a model, counted as PyTorch counts them: every element of a weight, a bias, a scale or a shift,
 * shared tensors once.
 * Not counted: running means and variances of batch normalization, shapes, axes and other settings, scalars
 * (rank 0), quantization scales and zero points, and constants that no node reads.
 * A quantized weight counts as many parameters as the float weight that it stands for, and so does the int32 bias of a
 * quantized layer: the count does not change with quantization. Two int4 values in one byte are two parameters.
 */
export function modelSize(model: Model): ModelSize {
  const tensors: TensorCount[] = [];
  collect(model.graph, new Map(), tensors);
  let parameters = 0;
  let nonzeroParameters = 0;
  for (const tensor of tensors) {
    parameters += tensor.parameters;
    nonzeroParameters += tensor.nonzeroParameters;
  }
  return {
    parameters,
    nonzeroParameters,
    sparsity: parameters === 0 ? 0 : 1 - nonzeroParameters / parameters,
    tensors,
  };
}

interface Use {
  readonly node: Node;
  readonly input: WeightInput;
}

/** Adds the parameters of a graph and of the graphs inside its nodes (branches, loop bodies), which see its names. */
function collect(graph: Graph, outer: ReadonlyMap<string, Tensor>, counts: TensorCount[]): void {
  const visible = new Map([...outer, ...graph.initializers]);
  const uses = new Map<string, Use>();
  findUses(graph, producersOf(graph), uses);
  const readers = readersOf(graph);
  for (const [name, tensor] of graph.initializers) {
    const use = uses.get(name);
    if (use === undefined) continue;
    const parameters = use.input.count ?? elementCount(tensor);
    const zeros = zeroCount(tensor, parameters, zeroPointOf(use, visible));
    counts.push({
      name,
      node: nodeLabel(layerOf(use.node, readers)),
      parameters,
      nonzeroParameters: parameters - zeros,
    });
  }
  for (const inner of innerGraphs(graph)) collect(inner, visible, counts);
}

/** The first use as a parameter of every constant; a constant that is only ever a setting has none. */
function findUses(graph: Graph, producers: ReadonlyMap<string, Node>, uses: Map<string, Use>): void {
  for (const node of graph.nodes) {
    node.inputs.forEach((name, index) => {
      if (name === '' || uses.has(name)) return;
      const tensor = graph.initializers.get(name);
      if (tensor === undefined) return;
      const input = weightInput(node, index, tensor, producers);
      if (input !== null) uses.set(name, { node, input });
    });
  }
  for (const inner of innerGraphs(graph)) {
    const visible: Graph = { ...inner, initializers: new Map([...graph.initializers, ...inner.initializers]) };
    findUses(visible, new Map([...producers, ...producersOf(inner)]), uses);
  }
}

function zeroPointOf(use: Use, constants: ReadonlyMap<string, Tensor>) {
  const { node, input } = use;
  if (input.zeroPoint === undefined) return { values: null, axis: 0 };
  const name = node.inputs[input.zeroPoint] ?? '';
  return { values: constants.get(name) ?? null, axis: input.axis ?? intAttribute(node, 'axis', 1) };
}

function producersOf(graph: Graph): Map<string, Node> {
  const producers = new Map<string, Node>();
  for (const node of graph.nodes) {
    for (const output of node.outputs) if (output !== '') producers.set(output, node);
  }
  return producers;
}

/** The first reader of every value. */
function readersOf(graph: Graph): Map<string, Node> {
  const readers = new Map<string, Node>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) if (input !== '' && !readers.has(input)) readers.set(input, node);
  }
  return readers;
}

function layerOf(node: Node, readers: ReadonlyMap<string, Node>): Node {
  return (node.opType === 'DequantizeLinear' ? readers.get(node.outputs[0]!) : undefined) ?? node;
}

function innerGraphs(graph: Graph): Graph[] {
  const graphs: Graph[] = [];
  for (const node of graph.nodes) {
    for (const attribute of node.attributes.values()) if (attribute.type === 'graph') graphs.push(attribute.value);
  }
  return graphs;
}
