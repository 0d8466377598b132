import fc from 'fast-check';
import { expect, test } from 'vitest';
import { affineParameters, quantize, quantRange, roundHalfEven } from '../../src/quantize/affine.js';
import { REFERENCE } from './reference.js';

test('scale and zero point are those of onnxruntime, bit for bit', () => {
  const ours = REFERENCE.affine.map(({ min, max, type, isSymmetric }) =>
    affineParameters({ min, max }, type, isSymmetric),
  );
  expect(ours).toEqual(REFERENCE.affine.map(({ scale, zeroPoint }) => ({ scale, zeroPoint })));
});

test('values become the integers of onnxruntime', () => {
  for (const { values, integers, scale, zeroPoint, type, isSymmetric } of REFERENCE.affine) {
    const ours = values.map((value) => quantize(value, { scale, zeroPoint }, quantRange(type, isSymmetric)));
    expect(ours).toEqual(integers);
  }
});

test('halves are rounded to the even neighbour', () => {
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, -2.6].map((value) => roundHalfEven(value) + 0)).toEqual([
    0, 2, 2, 0, -2, 2, -3,
  ]);
});

test('a range that is all zero has scale 1', () => {
  expect(affineParameters({ min: 0, max: 0 }, 'uint8', false)).toEqual({ scale: 1, zeroPoint: 0 });
});

test('every value of the range is at most half a step away from its integer, and 0 is exact', () => {
  const bound = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 });
  fc.assert(
    fc.property(bound, bound, fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true }), (a, b, isSymmetric, share) => {
      const [min, max] = [Math.min(a, b), Math.max(a, b)];
      fc.pre(max - min > 1e-30 || Math.abs(max) > 1e-30);
      const type = isSymmetric ? 'int8' : 'uint8';
      const parameters = affineParameters({ min, max }, type, isSymmetric);
      const limits = quantRange(type, isSymmetric);
      const value = Math.fround(min + share * (max - min));
      const back = parameters.scale * (quantize(value, parameters, limits) - parameters.zeroPoint);
      // The zero point itself is rounded, so the ends of the range may lie another half step outside.
      expect(Math.abs(back - value)).toBeLessThanOrEqual(parameters.scale * 1.001);
      expect(quantize(0, parameters, limits)).toBe(parameters.zeroPoint);
    }),
  );
});
