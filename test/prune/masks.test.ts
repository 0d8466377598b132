import { expect, test } from 'vitest';
import { floatsOf } from '../../src/onnx/index.js';
import { applyMasks, nonzeroCount } from '../../src/prune/masks.js';
import { modelOf } from './weights.js';

test('pruned weights are +0 and the others keep their bits', () => {
  const model = modelOf({ w: [1e-45, -2, -0, 3.1] });
  const pruned = applyMasks(model, new Map([['w', Uint8Array.of(1, 0, 1, 1)]]));
  const weights = floatsOf(pruned.graph.initializers.get('w')!);
  expect([...weights].map((weight) => Object.is(weight, 0))).toEqual([false, true, true, false]);
  expect([...weights]).toEqual([Math.fround(1e-45), 0, 0, Math.fround(3.1)]);
});

test('the model given stays as it was', () => {
  const model = modelOf({ w: [1, 2] });
  applyMasks(model, new Map([['w', Uint8Array.of(0, 0)]]));
  expect(nonzeroCount(model.graph.initializers.get('w')!)).toBe(2);
});
