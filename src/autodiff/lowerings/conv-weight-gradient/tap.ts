import { concat, matMul, reduceSum, reshape, transpose } from '../../emit.js';
import { taps } from '../../window.js';
import { tapsOf } from '../patches.js';
import { sizesOf, type WeightGradient } from './problem.js';

/**
 * One product per kernel position and image: [O, P] · [C, P]ᵀ. No patches are kept; good for many channels, and for a
 * kernel of 1 it is simply the right product.
 */
export const tap: WeightGradient = (b, problem) => {
  const { window, groups } = problem;
  const { n, cg, og, k, p, weight } = sizesOf(problem);
  const see = tapsOf(b, problem.x, window);
  const dy = reshape(b, problem.dy, [n, groups, og, p]);
  const slices = taps(window.kernel).map((position) => {
    const seen = reshape(b, see(position), [n, groups, cg, p]);
    const sum = reduceSum(b, matMul(b, dy, seen, { transB: true }), [0]);
    return reshape(b, sum, [1, groups * og * cg]);
  });
  const stacked = concat(b, slices, 0);
  return reshape(b, k === 1 ? stacked : transpose(b, stacked, [1, 0]), weight);
};
