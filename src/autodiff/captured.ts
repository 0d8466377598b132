import type { Attribute, Graph } from '../onnx/ir.js';

/** Attributes whose subgraphs (If, Loop, Scan) read the outer values by their new names. */
export function renameCaptured(
  attributes: ReadonlyMap<string, Attribute>,
  newName: (name: string) => string | undefined,
): Map<string, Attribute> {
  const renamed = new Map(attributes);
  for (const [key, attribute] of attributes) {
    if (attribute.type === 'graph') renamed.set(key, { ...attribute, value: renameGraph(attribute.value, newName) });
  }
  return renamed;
}

function renameGraph(graph: Graph, outerName: (name: string) => string | undefined): Graph {
  const own = new Set<string>([
    ...graph.inputs.map((info) => info.name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const newName = (name: string) => (own.has(name) ? undefined : outerName(name));
  const renamed = (name: string) => newName(name) ?? name;
  return {
    ...graph,
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(renamed),
      attributes: renameCaptured(node.attributes, newName),
    })),
    outputs: graph.outputs.map((info) => ({ ...info, name: renamed(info.name) })),
  };
}
