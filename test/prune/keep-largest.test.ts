import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keepLargest } from '../../src/prune/keep-largest.js';

/** The definition itself: a stable sort by magnitude, the front cut off. */
function bySorting(arrays: Float32Array[], count: number): number[][] {
  const all = arrays.flatMap((array, a) => Array.from(array, (value, i) => ({ magnitude: Math.abs(value), a, i })));
  const order = all.map((_, index) => index).sort((p, q) => all[p]!.magnitude - all[q]!.magnitude || p - q);
  const masks = arrays.map((array) => Array.from(array, () => 1));
  for (const index of order.slice(0, Math.max(0, all.length - count))) masks[all[index]!.a]![all[index]!.i] = 0;
  return masks;
}

test('the largest magnitudes of all arrays are kept, as a stable sort would', () => {
  const value = fc.oneof(
    fc.constantFrom(0, -0, 1, -1, 0.5, 1e-45, 3e38),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
  );
  fc.assert(
    fc.property(fc.array(fc.array(value, { maxLength: 12 }), { maxLength: 4 }), fc.nat(50), (values, count) => {
      const arrays = values.map((array) => Float32Array.from(array));
      expect(keepLargest(arrays, count).map((mask) => Array.from(mask))).toEqual(bySorting(arrays, count));
    }),
  );
});

test('of equal magnitudes the earlier ones are pruned', () => {
  const masks = keepLargest([Float32Array.of(1, -1, 1), Float32Array.of(-1, 2)], 3);
  expect(masks.map((mask) => Array.from(mask))).toEqual([
    [0, 0, 1],
    [1, 1],
  ]);
});
