import type { GraphBuilder, Value } from '../../../onnx/builder.js';
import { floatTensor, sizeOf } from '../../../onnx/tensor.js';
import { dimsOf, matMul, reshape, transpose } from '../../emit.js';
import type { InputGradient } from './problem.js';

/**
 * Stride 1: the convolution of dy with the kernel turned by 180° and its channel axes swapped, which is faster than
 * ConvTranspose for padded small kernels.
 */
export const flipped: InputGradient = (b, { dy, w, window, groups }) => {
  const { kernel, dilations, begin, end } = window;
  const [o, cg] = dimsOf(w) as [number, number];
  const count = sizeOf(kernel);
  const turned = backwards(b, reshape(b, w, [groups, o / groups, cg, count]), count);
  const swapped = reshape(b, transpose(b, turned, [0, 2, 1, 3]), [groups * cg, o / groups, ...kernel]);
  const reach = kernel.map((size, axis) => (size - 1) * dilations[axis]!);
  return b.op('Conv', [dy, swapped], {
    kernel_shape: kernel,
    dilations,
    group: groups,
    pads: [...reach.map((r, axis) => r - begin[axis]!), ...reach.map((r, axis) => r - end[axis]!)],
  });
};

/**
 * The last axis from its end to its beginning: a product with ones on the other diagonal, which is exact. Gather, which
 * copies each number by a call, takes fifteen times as long.
 */
function backwards(b: GraphBuilder, x: Value, count: number): Value {
  if (count === 1) return x;
  const turn = new Float32Array(count * count);
  for (let row = 0; row < count; row++) turn[row * count + count - 1 - row] = 1;
  return matMul(b, x, b.constant(floatTensor(turn, [count, count]), `turn:${count}`));
}
