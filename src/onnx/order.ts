import { UserError } from '../core/errors.js';
import { type Graph, type Node, nodeLabel } from './ir.js';

/** Names of values that a node reads: its inputs, and what its subgraphs take from the graphs around them. */
export function readNames(node: Node): Set<string> {
  const names = new Set(node.inputs);
  for (const attribute of node.attributes.values()) {
    if (attribute.type === 'graph') for (const name of capturedNames(attribute.value)) names.add(name);
  }
  names.delete('');
  return names;
}

/** Names that a subgraph reads but does not define. */
export function capturedNames(graph: Graph): Set<string> {
  const own = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...(graph.sparseNames ?? []),
  ]);
  for (const { outputs } of graph.nodes) for (const name of outputs) own.add(name);
  const captured = new Set<string>();
  for (const node of graph.nodes) for (const name of readNames(node)) if (!own.has(name)) captured.add(name);
  for (const { name } of graph.outputs) if (!own.has(name)) captured.add(name);
  return captured;
}

/**
 * Puts the nodes into an order in which every value is made before it is read; nodes that are in order already keep
 * their places. Subgraphs are left as they are. Throws ONNX_CYCLE.
 */
export function sortNodes(graph: Graph): void {
  const { sorted, blocked } = sorting(graph);
  if (blocked.length > 0) throw cycleError(blocked);
  graph.nodes = sorted;
}

/** The nodes in topological order, and those that wait for themselves. */
export function sorting(graph: Graph): { sorted: Node[]; blocked: Node[] } {
  const makers = new Map<string, Node>();
  for (const node of graph.nodes) for (const name of node.outputs) if (name !== '') makers.set(name, node);
  const sorted: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  // Depth first with a list instead of recursion: graphs may be thousands of nodes deep.
  for (const root of graph.nodes) {
    const path: { node: Node; rest: Iterator<string> }[] = [];
    const enter = (node: Node) => {
      state.set(node, 'open');
      path.push({ node, rest: readNames(node).values() });
    };
    if (!state.has(root)) enter(root);
    while (path.length > 0) {
      const { node, rest } = path.at(-1)!;
      const next = rest.next();
      if (next.done) {
        state.set(node, 'done');
        sorted.push(node);
        path.pop();
        continue;
      }
      const maker = makers.get(next.value);
      if (maker === undefined || state.get(maker) === 'done') continue;
      if (state.get(maker) === 'open') {
        const start = path.findIndex((step) => step.node === maker);
        return { sorted, blocked: path.slice(start).map((step) => step.node) };
      }
      enter(maker);
    }
  }
  return { sorted, blocked: [] };
}

/** @param nodes each of which reads what the next one makes, the last one what the first makes */
export function cycleError(nodes: readonly Node[]): UserError {
  const node = nodes[0]!;
  const names = nodes.map((item) => `"${nodeLabel(item)}"`);
  const list = names.length > 6 ? [...names.slice(0, 6), `${names.length - 6} more`] : names;
  return new UserError(
    'ONNX_CYCLE',
    `The graph has a cycle through ${list.join(', ')}: each waits for the next.`,
    'Export the model again; loops must be written as Loop or Scan.',
    { place: { kind: 'graph', node: nodeLabel(node), opType: node.opType } },
  );
}
