import { concat, matMul, reduceSum, reshape, slice, transpose } from '../../emit.js';
import { padImage } from '../patches.js';
import { planeOf } from './plane.js';
import { sizesOf, type WeightGradient } from './problem.js';

/**
 * `im2col` for stride 1 with the patches made in two rounds: shift the columns, then cut rows, which copies long runs.
 * Good where the kernel is large compared with the image.
 */
export const rowIm2col: WeightGradient = (b, problem) => {
  const { window, groups } = problem;
  const { n, cg, og, p, weight } = sizesOf(problem);
  const { kh, kw, dh, dw, height, width, oh, ow } = planeOf(window);
  const image = reshape(b, padImage(b, problem.x, window), [n, groups, cg, height, width]);
  const shifted = Array.from({ length: kw }, (_, j) =>
    reshape(b, slice(b, image, [{ axis: 4, start: j * dw, end: j * dw + ow }]), [n, groups, cg, height * ow]),
  );
  const columns = concat(b, shifted, 2);
  const cut = Array.from({ length: kh }, (_, i) =>
    slice(b, columns, [{ axis: 3, start: i * dh * ow, end: (i * dh + oh) * ow }]),
  );
  const patches = concat(b, cut, 2);
  const perImage = matMul(b, reshape(b, problem.dy, [n, groups, og, p]), patches, { transB: true });
  const sum = reshape(b, reduceSum(b, perImage, [0]), [groups * og, kh * kw, cg]);
  return reshape(b, transpose(b, sum, [0, 2, 1]), weight);
};
