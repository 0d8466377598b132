import type { GraphBuilder, Value } from '../../../onnx/builder.js';
import { concat, filled, matMul, reduceSum, reshape, slice, transpose } from '../../emit.js';
import { padImage } from '../patches.js';
import { planeOf } from './plane.js';
import { sizesOf, type WeightGradient } from './problem.js';

/**
 * Stride 1: the row shifts are put on dy, the column shifts on x, so that kh·O + kw·C planes are copied instead of
 * kh·kw·C and a single larger product does the rest.
 * Copies of [dy, kh·dh rows of zeros] written one after another and read again with rows of Hp·OW elements are dy
 * shifted down by 0, dh, 2·dh … rows: one Concat makes all of them.
 * The images are taken in chunks whose copies stay in the processor's cache until the product reads them.
 */
export const separableShift: WeightGradient = (b, problem) => {
  const { window, groups } = problem;
  const { n, c, o, cg, og, weight } = sizesOf(problem);
  const { kh, kw, dh, dw, height, width, oh, ow } = planeOf(window);
  const area = height * ow;
  const count = imagesPerChunk(n, 4 * (kh * o + kw * c) * area);
  const zeros = kh === 1 ? null : filled(b, [count, o, kh * dh * ow], 0);
  const allOfDy = reshape(b, problem.dy, [n, o, oh * ow]);
  const image = reshape(b, padImage(b, problem.x, window), [n, groups, cg, height, width]);

  const sums = Array.from({ length: n / count }, (_, chunk) => {
    const images = { axis: 0, start: chunk * count, end: (chunk + 1) * count };
    const dy = slice(b, allOfDy, [images]);
    const copies = Array.from({ length: kh }, () => dy).flatMap((copy, i) => (i === 0 ? [copy] : [zeros!, copy]));
    const down = reshape(b, concat(b, copies, 2), [count, groups, og * kh, area]);
    const shifted = Array.from({ length: kw }, (_, j) =>
      slice(b, image, [images, { axis: 4, start: j * dw, end: j * dw + ow }]),
    );
    const right = reshape(b, concat(b, shifted, 3), [count, groups, cg * kw, area]);
    return reduceSum(b, matMul(b, down, right, { transB: true }), [0]);
  });
  const sum = reshape(b, total(b, sums), [o, kh, cg, kw]);
  return reshape(b, transpose(b, sum, [0, 2, 1, 3]), weight);
};

/** The largest divisor of n whose copies fit into the cache, but at most MOST_CHUNKS chunks. */
function imagesPerChunk(n: number, bytesPerImage: number): number {
  if (n * bytesPerImage <= WHOLE_BYTES) return n;
  const sizes = Array.from({ length: MOST_CHUNKS }, (_, i) => n / (i + 1)).filter(Number.isInteger);
  return sizes.find((count) => count * bytesPerImage <= CACHE_BYTES) ?? sizes.at(-1)!;
}

// A chunk costs a dozen operators: with small images, or in more pieces, that is more than the cache gains.
const WHOLE_BYTES = 2 ** 21;
const CACHE_BYTES = 3 * 2 ** 18;
const MOST_CHUNKS = 8;

function total(b: GraphBuilder, sums: readonly Value[]): Value {
  return sums.length === 1 ? sums[0]! : b.op('Sum', sums);
}
