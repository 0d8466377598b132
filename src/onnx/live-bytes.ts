import type { Graph } from './ir.js';
import type { ValueType } from './shapes/index.js';
import { byteLengthOf } from './tensor.js';

/**
 * The most bytes that the results of a graph's nodes take at one time, if its nodes run in their order and a result is given up after
 * its last use. Inputs and weights are not counted, and neither is what stands inside branches and loops.
 * Null where the size of a result is not known.
 */
export function liveBytes(graph: Graph, typeOf: (name: string) => ValueType | undefined): number | null {
  /** What is only another name or shape of an earlier value takes no memory of its own. */
  const roots = new Map<string, string>();
  const rootOf = (name: string) => roots.get(name) ?? name;
  for (const { opType, inputs, outputs } of graph.nodes) {
    if (VIEWS.has(opType)) roots.set(outputs[0]!, rootOf(inputs[0]!));
  }
  const lastUse = new Map(graph.outputs.map(({ name }) => [rootOf(name), graph.nodes.length]));
  for (const [index, { inputs }] of graph.nodes.entries()) {
    for (const name of inputs) {
      const root = rootOf(name);
      lastUse.set(root, Math.max(index, lastUse.get(root) ?? 0));
    }
  }
  const ending = new Map<number, number>();
  let live = 0;
  let most = 0;
  for (const [index, { opType, inputs, outputs }] of graph.nodes.entries()) {
    for (const name of outputs) {
      if (name === '' || roots.has(name)) continue;
      // Of uneven parts only their sum is known.
      const whole = opType === 'Split' ? bytesOf(typeOf(inputs[0]!)) : null;
      const bytes = whole === null ? bytesOf(typeOf(name)) : whole / outputs.length;
      if (bytes === null) return null;
      live += bytes;
      const end = lastUse.get(name) ?? index;
      ending.set(end, (ending.get(end) ?? 0) + bytes);
    }
    most = Math.max(most, live);
    live -= ending.get(index) ?? 0;
  }
  return most;
}

const VIEWS: ReadonlySet<string> = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity']);

function bytesOf(type: ValueType | undefined): number | null {
  if (type?.shape == null || type.dataType == null) return null;
  const dims = type.shape.filter((dim) => typeof dim === 'number');
  return dims.length === type.shape.length ? byteLengthOf(type.dataType, dims) : null;
}
