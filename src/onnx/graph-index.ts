import type { Model, Node } from './ir.js';
import { readNames } from './order.js';

/** Who makes and who reads every tensor of a graph, and names that are still free. */
export interface GraphIndex {
  /** The node that makes a tensor; undefined for graph inputs and initializers. */
  producer(tensor: string): Node | undefined;
  /** The nodes that read a tensor, in order; once per node. A subgraph counts as its node. */
  consumers(tensor: string): readonly Node[];
  isOutput(tensor: string): boolean;
  /** `base`, or `base.1`, `base.2` … if it is taken; taken from then on. */
  unique(base: string): string;
}

/** An index of the graph as it is now: it does not follow later changes. */
export function indexGraph(model: Model): GraphIndex {
  const { graph } = model;
  const producers = new Map<string, Node>();
  const consumers = new Map<string, Node[]>();
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const names = new Set([...graph.initializers.keys(), ...graph.inputs.map((input) => input.name)]);
  for (const node of graph.nodes) {
    names.add(node.name);
    for (const output of node.outputs) {
      producers.set(output, node);
      names.add(output);
    }
    for (const input of readNames(node)) {
      names.add(input);
      const readers = consumers.get(input);
      if (readers === undefined) consumers.set(input, [node]);
      else readers.push(node);
    }
  }
  return {
    producer: (tensor) => (tensor === '' ? undefined : producers.get(tensor)),
    consumers: (tensor) => consumers.get(tensor) ?? [],
    isOutput: (tensor) => outputs.has(tensor),
    unique: (base) => {
      let name = base;
      for (let i = 1; names.has(name); i++) name = `${base}.${i}`;
      names.add(name);
      return name;
    },
  };
}

/** True for If, Loop, Scan: a node that contains graphs, which may read tensors by name. */
export function hasSubgraph(node: Node): boolean {
  return [...node.attributes.values()].some((attribute) => attribute.type === 'graph');
}
