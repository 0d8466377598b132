import { expect, test } from 'vitest';
import { floatsOf, floatTensor, intsOf, type Tensor } from '../../src/onnx/index.js';
import { quantizeTensor, type TensorQuantization } from '../../src/quantize/quantize-tensor.js';

const INT8 = { type: 'int8', isSymmetric: true, axis: null } as const;
const UINT8 = { type: 'uint8', isSymmetric: false, axis: null } as const;

function integersOf(values: number[], dims: number[], how: TensorQuantization) {
  const { values: integers, scale, zeroPoint } = quantizeTensor(floatTensor(values, dims), 'w', how);
  return { integers: intsOf(integers), scale: [...floatsOf(scale)], zeroPoint: intsOf(zeroPoint) };
}

test('symmetric int8 spreads the largest magnitude over 127 steps', () => {
  expect(integersOf([-2, 1, 0, 0.5], [4], INT8)).toEqual({
    integers: [-127, 64, 0, 32],
    scale: [Math.fround(2 / 127)],
    zeroPoint: [0],
  });
});

test('every channel has its own scale, whatever the axis', () => {
  const scales = [1, 2, 4].map((max) => Math.fround(max / 127));
  // [3, 2], channels are rows; then its transpose.
  expect(integersOf([1, -0.5, 2, -1, 4, -2], [3, 2], { ...INT8, axis: 0 })).toEqual({
    integers: [127, -64, 127, -64, 127, -64],
    scale: scales,
    zeroPoint: [0, 0, 0],
  });
  expect(integersOf([1, 2, 4, -0.5, -1, -2], [2, 3], { ...INT8, axis: 1 }).scale).toEqual(scales);
});

test('a channel of zeros has scale 1 and stays 0', () => {
  expect(integersOf([0, -0, 3, 1], [2, 2], { ...INT8, axis: 0 })).toEqual({
    integers: [0, 0, 127, 42],
    scale: [1, Math.fround(3 / 127)],
    zeroPoint: [0, 0],
  });
});

test('affine uint8 maps the range to 0..255 and keeps 0 exact', () => {
  // range 4 over 255 steps; zero point 1/4 of it.
  expect(integersOf([-1, 0, 3], [3], UINT8)).toEqual({
    integers: [0, 64, 255],
    scale: [Math.fround(4 / 255)],
    zeroPoint: [64],
  });
});

test('center: mean makes the range reach equally far to both sides of the mean', () => {
  // mean 1, farthest value 5: range [-3, 5], scale 8/255, zero point round(3 / 8 × 255) = 96.
  expect(integersOf([-1, 0, 0, 5], [4], { ...UINT8, center: 'mean' })).toEqual({
    integers: [64, 96, 96, 255],
    scale: [Math.fround(8 / 255)],
    zeroPoint: [96],
  });
});

test('center: mean still contains 0 where all values are far from it', () => {
  const { zeroPoint, integers } = integersOf([10, 11, 12], [3], { ...UINT8, center: 'mean' });
  expect(zeroPoint).toEqual([0]);
  // [0, 12] over 255 steps.
  expect(integers).toEqual([212, 234, 255]);
});

test('a single value, a scalar and an empty tensor can be quantized', () => {
  expect(integersOf([-5], [1], INT8)).toEqual({ integers: [-127], scale: [Math.fround(5 / 127)], zeroPoint: [0] });
  expect(integersOf([-5], [], UINT8)).toEqual({ integers: [0], scale: [Math.fround(5 / 255)], zeroPoint: [255] });
  expect(integersOf([], [0], INT8)).toEqual({ integers: [], scale: [1], zeroPoint: [0] });
});

test('a tensor of equal values keeps them exactly, up to the rounding of the scale', () => {
  expect(integersOf([7, 7, 7], [3], UINT8)).toEqual({
    integers: [255, 255, 255],
    scale: [Math.fround(7 / 255)],
    zeroPoint: [0],
  });
});

test.each([Number.NaN, Number.NEGATIVE_INFINITY])('%s among the values is refused by name', (bad) => {
  const tensor: Tensor = floatTensor([1, bad], [2]);
  expect(() => quantizeTensor(tensor, 'fc.weight', INT8)).toThrow(`The tensor "fc.weight" holds ${bad} at position 1`);
});
