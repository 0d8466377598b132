import { concat, matMul, reduceSum, reshape, transpose } from '../../emit.js';
import { taps } from '../../window.js';
import { tapsOf } from '../patches.js';
import { sizesOf, type WeightGradient } from './problem.js';

/**
 * One product per image with all patches side by side: [O, P] · [K·C, P]ᵀ, summed over the batch.
 * Copies the image once per kernel position; good for a single channel and for strides.
 */
export const im2col: WeightGradient = (b, problem) => {
  const { window, groups } = problem;
  const { n, cg, og, k, p, weight } = sizesOf(problem);
  const see = tapsOf(b, problem.x, window);
  const columns = taps(window.kernel).map((tap) => reshape(b, see(tap), [n, groups, 1, cg, p]));
  const patches = reshape(b, concat(b, columns, 2), [n, groups, k * cg, p]);
  const dy = reshape(b, problem.dy, [n, groups, og, p]);
  const perImage = matMul(b, dy, patches, { transB: true });
  const sum = reshape(b, reduceSum(b, perImage, [0]), [groups * og, k, cg]);
  return reshape(b, transpose(b, sum, [0, 2, 1]), weight);
};
