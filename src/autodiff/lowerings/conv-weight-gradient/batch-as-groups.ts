import { dimsOf, pad, reduceSum, reshape } from '../../emit.js';
import { sizesOf, type WeightGradient } from './problem.js';

/**
 * Depthwise convolution (one input channel per group): one convolution in which every image and channel is a group of
 * its own, dy is the kernel, and stride and dilation have exchanged their roles; its result is summed over the batch.
 */
export const batchAsGroups: WeightGradient = (b, problem) => {
  const { window } = problem;
  const { kernel, strides, dilations, begin, end, output } = window;
  const { n, c, og, weight } = sizesOf(problem);
  const none = [0, 0, ...kernel.map(() => 0)];
  // Where the end is negative, the last columns are not read: they are cut off.
  const x = pad(b, problem.x, { begin: none, end: [0, 0, ...end.map((amount) => Math.min(0, amount))] });
  const perGroup = b.op(
    'Conv',
    [reshape(b, x, [1, n * c, ...dimsOf(x).slice(2)]), reshape(b, problem.dy, [n * c * og, 1, ...output])],
    {
      kernel_shape: output,
      group: n * c,
      strides: dilations,
      dilations: strides,
      pads: [...begin, ...end.map((amount) => Math.max(0, amount))],
    },
  );
  return reshape(b, reduceSum(b, reshape(b, perGroup, [n, c * og, ...kernel]), [0]), weight);
};
