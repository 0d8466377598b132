import { expect, test } from 'vitest';
import { floatsOf } from '../../src/onnx/index.js';
import { applyMasks, applyMasksInPlace, nonzeroCount } from '../../src/prune/masks.js';
import { modelOf } from './weights.js';

test.each<[string, typeof applyMasks]>([
  ['in a copy', applyMasks],
  [
    'in place',
    (model, masks) => {
      applyMasksInPlace(model, masks);
      return model;
    },
  ],
])('pruned weights are +0 and the others keep their bits, %s', (_, apply) => {
  const model = modelOf({ w: [1e-45, -2, -0, 3.1] });
  const pruned = apply(model, new Map([['w', Uint8Array.of(1, 0, 1, 1)]]));
  const weights = floatsOf(pruned.graph.initializers.get('w')!);
  expect([...weights].map((weight) => Object.is(weight, 0))).toEqual([false, true, true, false]);
  expect([...weights]).toEqual([Math.fround(1e-45), 0, 0, Math.fround(3.1)]);
});

test('the model given stays as it was', () => {
  const model = modelOf({ w: [1, 2] });
  applyMasks(model, new Map([['w', Uint8Array.of(0, 0)]]));
  expect(nonzeroCount(model.graph.initializers.get('w')!)).toBe(2);
});

test('in place, the weights stay in the memory where they are', () => {
  const model = modelOf({ w: [1, 2] });
  const { buffer } = model.graph.initializers.get('w')!.bytes;
  applyMasksInPlace(model, new Map([['w', Uint8Array.of(0, 1)]]));
  expect(model.graph.initializers.get('w')!.bytes.buffer).toBe(buffer);
});
