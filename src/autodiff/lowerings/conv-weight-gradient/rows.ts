import type { GraphBuilder, Value } from '../../../onnx/builder.js';
import { concat, dimsOf, filled, matMul, pad, reduceSum, reshape, slice, transpose } from '../../emit.js';
import { type Plane, planeOf } from './plane.js';
import { sizesOf, type WeightGradient } from './problem.js';

/**
 * Stride 1: the column shifts of x are made once; then one product per kernel row, [C·kw, P] · [O, P]ᵀ, with a block of
 * whole rows, which is one long run of memory per plane. Padding is written at the sides of the shifted columns only: rows
 * of padding add nothing to the sum, so each product leaves them out on both sides. Good wherever a kernel row of x has
 * some dozens of channels, and where the kernel is high compared with the image.
 */
export const rows: WeightGradient = (b, problem) => {
  const { window, groups } = problem;
  const { n, cg, og, weight } = sizesOf(problem);
  const plane = planeOf(window);
  const { kh, kw, dh, dw, top, left, oh, ow } = plane;
  const dy = reshape(b, problem.dy, [n, groups, og, oh * ow]);
  const image = reshape(b, problem.x, [n, groups, cg, plane.imageHeight, plane.imageWidth]);
  const shifted = Array.from({ length: kw }, (_, j) => columnsFrom(b, image, j * dw - left, plane));
  const columns = concat(b, shifted, 2);
  const sums = Array.from({ length: kh }, (_, i) => {
    // Output row r sees image row r + offset: these are the rows that see one at all.
    const offset = i * dh - top;
    const first = Math.max(0, -offset);
    const last = Math.min(oh, plane.imageHeight - offset);
    if (last <= first) return filled(b, [1, groups, kw, cg, og], 0);
    const seen = slice(b, columns, [{ axis: 3, start: (first + offset) * ow, end: (last + offset) * ow }]);
    const seeing = slice(b, dy, [{ axis: 3, start: first * ow, end: last * ow }]);
    return reshape(b, reduceSum(b, matMul(b, seen, seeing, { transB: true }), [0]), [1, groups, kw, cg, og]);
  });
  return reshape(b, transpose(b, concat(b, sums, 0), [1, 4, 3, 0, 2]), weight);
};

/** `ow` columns of the image from `start` on, zeros beside it: [n, groups, cg, rows · ow]. */
function columnsFrom(b: GraphBuilder, image: Value, start: number, { imageHeight, imageWidth, ow }: Plane): Value {
  const dims = [...dimsOf(image).slice(0, 3), imageHeight * ow];
  const [before, after] = [-start, start + ow - imageWidth];
  if (before >= ow || after >= ow) return filled(b, dims, 0);
  const none = [0, 0, 0, 0];
  const columns =
    before <= 0 && after <= 0
      ? slice(b, image, [{ axis: 4, start, end: start + ow }])
      : pad(b, image, { begin: [...none, before], end: [...none, after] });
  return reshape(b, columns, dims);
}
