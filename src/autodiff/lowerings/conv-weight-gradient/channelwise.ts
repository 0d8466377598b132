import { concat, mul, reduceSum, reshape, transpose } from '../../emit.js';
import { taps } from '../../window.js';
import { padImage, tapOf } from '../patches.js';
import { sizesOf, type WeightGradient } from './problem.js';

/** Depthwise convolution (one input channel per group): products would be vectors, so multiply and add instead. */
export const channelwise: WeightGradient = (b, problem) => {
  const { window } = problem;
  const { n, c, og, p, weight } = sizesOf(problem);
  const padded = padImage(b, problem.x, window);
  const dy = reshape(b, problem.dy, [n, c, og, p]);
  const slices = taps(window.kernel).map((position) => {
    const seen = reshape(b, tapOf(b, padded, window, position), [n, c, 1, p]);
    return reshape(b, reduceSum(b, mul(b, dy, seen), [0, 3]), [1, c * og]);
  });
  return reshape(b, transpose(b, concat(b, slices, 0), [1, 0]), weight);
};
