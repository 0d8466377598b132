import { sizeOf } from '../../../onnx/tensor.js';
import { dimsOf, reshape, transpose } from '../../emit.js';
import type { InputGradient } from './problem.js';

/**
 * Stride 1: the convolution of dy with the kernel turned by 180° and its channel axes swapped, which is faster than
 * ConvTranspose for padded small kernels.
 */
export const flipped: InputGradient = (b, { dy, w, window, groups }) => {
  const { kernel, dilations, begin, end } = window;
  const [o, cg] = dimsOf(w) as [number, number];
  const count = sizeOf(kernel);
  const backwards = b.ints(Array.from({ length: count }, (_, index) => count - 1 - index));
  const flat = reshape(b, w, [groups, o / groups, cg, count]);
  const turned = count === 1 ? flat : b.op('Gather', [flat, backwards], { axis: 3 });
  const swapped = reshape(b, transpose(b, turned, [0, 2, 1, 3]), [groups * cg, o / groups, ...kernel]);
  const reach = kernel.map((size, axis) => (size - 1) * dilations[axis]!);
  return b.op('Conv', [dy, swapped], {
    kernel_shape: kernel,
    dilations,
    group: groups,
    pads: [...reach.map((r, axis) => r - begin[axis]!), ...reach.map((r, axis) => r - end[axis]!)],
  });
};
