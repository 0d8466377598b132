import { concat, filled, matMul, reduceSum, reshape, slice, transpose } from '../../emit.js';
import { padImage } from '../patches.js';
import { planeOf } from './plane.js';
import { sizesOf, type WeightGradient } from './problem.js';

/**
 * Stride 1: the row shifts are put on dy, the column shifts on x, so that kh·O + kw·C planes are copied instead of
 * kh·kw·C and a single larger product does the rest.
 * Copies of [dy, kh·dh rows of zeros] written one after another and read again with rows of Hp·OW elements are dy
 * shifted down by 0, dh, 2·dh … rows: one Concat makes all of them.
 */
export const separableShift: WeightGradient = (b, problem) => {
  const { window, groups } = problem;
  const { n, o, cg, og, weight } = sizesOf(problem);
  const { kh, kw, dh, dw, height, width, oh, ow } = planeOf(window);
  const area = height * ow;

  const dy = reshape(b, problem.dy, [n, o, oh * ow]);
  const zeros = kh === 1 ? null : filled(b, [n, o, kh * dh * ow], 0);
  const copies = Array.from({ length: kh }, () => dy).flatMap((copy, i) => (i === 0 ? [copy] : [zeros!, copy]));
  const down = reshape(b, concat(b, copies, 2), [n, groups, og * kh, area]);

  const image = reshape(b, padImage(b, problem.x, window), [n, groups, cg, height, width]);
  const shifted = Array.from({ length: kw }, (_, j) => slice(b, image, [{ axis: 4, start: j * dw, end: j * dw + ow }]));
  const right = reshape(b, concat(b, shifted, 3), [n, groups, cg * kw, area]);

  const sum = reduceSum(b, matMul(b, down, right, { transB: true }), [0]);
  return reshape(b, transpose(b, reshape(b, sum, [o, kh, cg, kw]), [0, 2, 1, 3]), weight);
};
