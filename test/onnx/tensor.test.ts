import { describe, expect, test } from 'vitest';
import {
  byteLengthOf,
  float16Bits,
  floatsOf,
  floatTensor,
  int64Tensor,
  intsOf,
  roundHalfEven,
  scalarTensor,
} from '../../src/onnx/tensor.js';

describe('tensors', () => {
  test('packed types fill the last byte up', () => {
    expect(byteLengthOf('int4', [3])).toBe(2);
    expect(byteLengthOf('uint2', [2, 3])).toBe(2);
    expect(byteLengthOf('float32', [])).toBe(4);
    expect(byteLengthOf('complex128', [2])).toBe(32);
  });

  test('an element count that does not fill the shape is a bug', () => {
    expect(() => floatTensor([1, 2], [3])).toThrow('internal: 2 elements do not fill the shape [3]');
  });

  test('values at an odd offset are copied, others are views', () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(Float32Array.of(1, 2).buffer), 1);
    const odd = { dataType: 'float32', dims: [2], bytes: bytes.subarray(1) } as const;
    expect([...floatsOf(odd)]).toEqual([1, 2]);
    const even = floatTensor([1, 2], [2]);
    expect(floatsOf(even).buffer).toBe(even.bytes.buffer);
  });

  test('integers of every type come out as numbers', () => {
    expect(intsOf(int64Tensor([-1, 2 ** 40]))).toEqual([-1, 2 ** 40]);
    expect(intsOf({ dataType: 'int8', dims: [2], bytes: Uint8Array.of(255, 1) })).toEqual([-1, 1]);
    expect(intsOf({ dataType: 'uint16', dims: [1], bytes: Uint8Array.of(255, 255) })).toEqual([65535]);
    expect(() => intsOf(floatTensor([1], [1]))).toThrow('expected an integer tensor');
  });

  // Bit patterns as numpy.float16 gives them.
  test.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [0.1, 0x2e66],
    [65504, 0x7bff],
    [65519, 0x7bff],
    [65520, 0x7c00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [3 * 2 ** -25, 0x0002],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [2 - 2 ** -12, 0x4000],
    [2 ** -14 - 2 ** -26, 0x0400],
    [Number.NEGATIVE_INFINITY, 0xfc00],
    [Number.NaN, 0x7e00],
  ])('%d as float16', (value, bits) => {
    expect(float16Bits(value)).toBe(bits);
  });

  test('halves are rounded to the even neighbour', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1.4, -1.6].map((value) => roundHalfEven(value) + 0)).toEqual([
      0, 2, 2, 0, -2, -2, 1, -2,
    ]);
  });

  test('scalars of each type', () => {
    expect([...scalarTensor(1, 'bfloat16').bytes]).toEqual([0x80, 0x3f]);
    expect([...scalarTensor(-1, 'int8').bytes]).toEqual([255]);
    expect(scalarTensor(0.5, 'float64').bytes).toHaveLength(8);
    expect(() => scalarTensor(1, 'string')).toThrow('internal');
  });
});
