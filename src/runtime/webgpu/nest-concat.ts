import { intAttribute, type Node } from '../../onnx/ir.js';
import type { Rewrite } from './rewrite.js';

/** A shader may not have the buffers for so many inputs, and a browser then computes zeros: neighbours are joined first. */
export function nestConcat(rewrite: Rewrite, node: Node): Node[] | null {
  if (node.inputs.length <= INPUTS_MAX) return null;
  const axis = intAttribute(node, 'axis', 0);
  const output = node.outputs[0]!;
  const nodes: Node[] = [];
  let parts: readonly string[] = node.inputs;
  while (parts.length > INPUTS_MAX) {
    const joined: string[] = [];
    for (let start = 0; start < parts.length; start += INPUTS_MAX) {
      const group = parts.slice(start, start + INPUTS_MAX);
      if (group.length > 1) nodes.push(rewrite.op('Concat', group, `${output}/part${nodes.length}`, { axis }));
      joined.push(group.length > 1 ? nodes.at(-1)!.outputs[0]! : group[0]!);
    }
    parts = joined;
  }
  return [...nodes, rewrite.op('Concat', parts, output, { axis })];
}

/** WebGPU promises 8 storage buffers; one of them is the output. */
const INPUTS_MAX = 7;
