import { concat, matMul, reduceSum, reshape, slice, transpose } from '../../emit.js';
import { padImage } from '../patches.js';
import { planeOf } from './plane.js';
import { sizesOf, type WeightGradient } from './problem.js';

/**
 * Stride 1: the column shifts of x are made once; then one product per kernel row, [C·kw, P] · [O, P]ᵀ, with a block of
 * whole rows, which is one long run of memory per plane. Does no work on padding rows, unlike `separableShift`: good
 * where the kernel is high compared with the image.
 */
export const rows: WeightGradient = (b, problem) => {
  const { window, groups } = problem;
  const { n, cg, og, p, weight } = sizesOf(problem);
  const { kh, kw, dh, dw, height, width, oh, ow } = planeOf(window);
  const dy = reshape(b, problem.dy, [n, groups, og, p]);
  const image = reshape(b, padImage(b, problem.x, window), [n, groups, cg, height, width]);
  const shifted = Array.from({ length: kw }, (_, j) =>
    reshape(b, slice(b, image, [{ axis: 4, start: j * dw, end: j * dw + ow }]), [n, groups, cg, height * ow]),
  );
  const columns = concat(b, shifted, 2);
  const sums = Array.from({ length: kh }, (_, i) => {
    const seen = slice(b, columns, [{ axis: 3, start: i * dh * ow, end: (i * dh + oh) * ow }]);
    return reshape(b, reduceSum(b, matMul(b, seen, dy, { transB: true }), [0]), [1, groups, kw, cg, og]);
  });
  return reshape(b, transpose(b, concat(b, sums, 0), [1, 4, 3, 0, 2]), weight);
};
