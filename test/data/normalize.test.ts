import { describe, expect, test } from 'vitest';
import { resolveNormalization } from '../../src/data/normalize.js';
import type { NumericArray } from '../../src/data/numeric-array.js';
import type { Stored } from '../../src/data/stored.js';
import { viewOf } from '../../src/data/view.js';

const stored = (values: NumericArray, shape: number[]): Stored & { readonly values: NumericArray } => {
  const count = values.length / shape.reduce((a, b) => a * b);
  return { source: 'x.npy', count, shape, values, labels: Int32Array.from({ length: count }, (_, i) => i) };
};
// Two channels of two pixels, three samples.
const images = stored(Uint8Array.of(1, 3, 10, 10, 5, 7, 10, 10, 255, 255, 0, 0), [2, 1, 2]);

describe('resolveNormalization', () => {
  test('"standard" gives mean and population deviation per channel, of the training samples only', async () => {
    // By hand over samples 0 and 1: channel 0 holds 1, 3, 5, 7 (mean 4, variance 5); channel 1 never changes.
    expect(await resolveNormalization('standard', images, Uint32Array.of(0, 1))).toEqual({
      mean: [4, 10],
      std: [Math.sqrt(5), 1],
    });
  });

  test('"standard" treats each column of flat samples for itself', async () => {
    const table = stored(Float32Array.of(1, 100, 3, 300), [2]);
    expect(await resolveNormalization('standard', table, Uint32Array.of(0, 1))).toEqual({
      mean: [2, 200],
      std: [1, 100],
    });
  });

  test('"unit" divides by the largest value of the type, or by the one that the format knows', async () => {
    expect((await resolveNormalization('unit', images, Uint32Array.of(0))).std).toEqual([255, 255]);
    expect((await resolveNormalization('unit', images, Uint32Array.of(0), 16)).std).toEqual([16, 16]);
    expect((await resolveNormalization('unit', stored(Int16Array.of(1), [1]), Uint32Array.of(0))).std).toEqual([32767]);
  });

  test('one number given serves all channels', async () => {
    expect(await resolveNormalization({ mean: [1], std: [2, 4] }, images, Uint32Array.of(0))).toEqual({
      mean: [1, 1],
      std: [2, 4],
    });
  });

  test('"unit" on floats is refused', async () => {
    await expect(
      resolveNormalization('unit', stored(Float32Array.of(1), [1]), Uint32Array.of(0)),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[UserError: normalize: unit needs whole numbers of a fixed range, but x.npy holds floating-point values. Give the range yourself, for instance normalize: { mean: [0], std: [255] }.]`,
    );
  });

  test('a wrong number of channels is refused', async () => {
    await expect(
      resolveNormalization({ mean: [1, 2, 3], std: [1] }, images, Uint32Array.of(0)),
    ).rejects.toThrowErrorMatchingInlineSnapshot(
      `[UserError: normalize.mean has 3 numbers, but the samples have 2 channels. Give one number per channel, or one for all.]`,
    );
  });
});

describe('viewOf', () => {
  const normalization = { mean: [1, 10], std: [2, 5] };

  test('reads chosen samples in any order, normalized, with their labels', () => {
    const view = viewOf(images, Uint32Array.of(0, 2), normalization);
    const x = new Float32Array(12);
    const y = new Int32Array(3);
    view.read([1, 0, 1], x, y);
    expect([...x]).toEqual([127, 127, -2, -2, 0, 1, 0, 0, 127, 127, -2, -2]);
    expect([...y]).toEqual([2, 0, 2]);
  });

  test('bytes and floats of equal value give bit-equal inputs', () => {
    const asFloats = { ...images, values: Float32Array.from(images.values) };
    const odd = { mean: [72.8977400510204, 3.3], std: [90.02447612407441, 0.7] };
    const read = (source: Stored) => {
      const x = new Float32Array(12);
      viewOf(source, Uint32Array.of(0, 1, 2), odd).read([0, 1, 2], x, new Int32Array(3));
      return x;
    };
    expect(read(images)).toEqual(read(asFloats));
  });

  test('targets of several values are read side by side', () => {
    const regression = { ...images, labels: Float32Array.of(0.5, 1, 1.5, 2, 2.5, 3) };
    const y = new Float32Array(4);
    viewOf(regression, Uint32Array.of(0, 1, 2), normalization).read([2, 0], new Float32Array(8), y);
    expect([...y]).toEqual([2.5, 3, 0.5, 1]);
  });
});
