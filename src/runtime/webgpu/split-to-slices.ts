import { intAttribute, type Node } from '../../onnx/ir.js';
import { intsOf } from '../../onnx/tensor.js';
import type { Rewrite } from './rewrite.js';

/** A shader may not have the buffers for so many outputs: a Slice for each. */
export function splitToSlices(rewrite: Rewrite, node: Node): Node[] | null {
  const sizes = rewrite.graph.initializers.get(node.inputs[1] ?? '');
  if (node.outputs.length <= OUTPUTS_MAX || sizes === undefined) return null;
  const axis = rewrite.ints([intAttribute(node, 'axis', 0)]);
  let start = 0;
  return intsOf(sizes).map((size, part) => {
    const range = [start, start + size].map((at) => rewrite.ints([at]));
    start += size;
    return rewrite.op('Slice', [node.inputs[0]!, ...range, axis], node.outputs[part]!);
  });
}

/** WebGPU promises 8 storage buffers; one of them is the input. */
const OUTPUTS_MAX = 7;
