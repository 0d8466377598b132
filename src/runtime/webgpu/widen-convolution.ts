import { type Graph, intAttribute, type Model, type Node, nodeLabel } from '../../onnx/ir.js';
import { type Rewrite, staticShape } from './rewrite.js';

/** A convolution that would come out wrong, with more input channels, of zeros. */
export function widenConvolution(rewrite: Rewrite, node: Node): Node[] | null {
  const missing = missingChannels(rewrite.graph, node);
  if (missing === 0) return null;
  const rank = rewrite.shapeOf(node.inputs[1]!)!.length;
  const amounts = rewrite.ints(Array.from({ length: 2 * rank }, (_, at) => (at === rank + 1 ? missing : 0)));
  const wide = ['x', 'w'].map((which, input) =>
    rewrite.op('Pad', [node.inputs[input]!, amounts], `${node.outputs[0]}/wide-${which}`),
  );
  return [...wide, { ...node, inputs: [...wide.map(({ outputs }) => outputs[0]!), ...node.inputs.slice(2)] }];
}

/** The nodes of a model that onnxruntime 1.30 gives wrong results for on WebGPU. */
export function miscomputedByWebgpu({ graph }: Model): string[] {
  return graph.nodes.filter((node) => missingChannels(graph, node) > 0).map(nodeLabel);
}

/**
 * How many input channels make the convolution right; 0 where it is. Measured on every combination of 1 to 24 channels and
 * 4, 6 and 16 filters: wrong are those without groups whose channels are a multiple of 3, but not 3 and not of 4, where the
 * filters are a multiple of 4. test/conformance/webgpu-provider.ts fails once onnxruntime is mended.
 */
function missingChannels(graph: Graph, node: Node): number {
  if (node.opType !== 'Conv' || node.domain !== '' || intAttribute(node, 'group', 1) !== 1) return 0;
  const [filters, channels] = staticShape(graph, node.inputs[1]!) ?? [];
  if (filters === undefined || channels === undefined || filters % 4 !== 0) return 0;
  return channels % 3 === 0 && channels !== 3 && channels % 4 !== 0 ? 4 - (channels % 4) : 0;
}
