import { describe, expect, test } from 'vitest';
import { Random } from '../../src/core/random.js';
import { drawWeight, type InitializerName } from '../../src/network/initializers.js';
import { floatsOf } from '../../src/onnx/tensor.js';
import { layers } from './support.js';

/** 64×32×5×5: fan-in 800, fan-out 1600, 51,200 values. */
const DIMS = [64, 32, 5, 5];
const draw = (name: InitializerName) => floatsOf(drawWeight(DIMS, name, new Random('initializers')));

describe('initializers', () => {
  test.each([
    ['kaiming-normal', Math.sqrt(2 / 800)],
    ['kaiming-normal-fan-out', Math.sqrt(2 / 1600)],
    ['kaiming-uniform', Math.sqrt(2 / 800)],
    ['kaiming-uniform-fan-out', Math.sqrt(2 / 1600)],
    ['xavier-normal', Math.sqrt(2 / 2400)],
    ['xavier-uniform', Math.sqrt(2 / 2400)],
  ] as const)('%s has mean 0 and the deviation of its paper', (name, deviation) => {
    const values = draw(name);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    // Five standard errors: sd / √n for the mean, at most sd / √(2n) for the deviation.
    expect(Math.abs(mean)).toBeLessThan((5 * deviation) / Math.sqrt(values.length));
    expect(Math.abs(Math.sqrt(variance) / deviation - 1)).toBeLessThan(5 / Math.sqrt(2 * values.length));
  });

  test('the uniform ones stay within √3 deviations and reach them', () => {
    const bound = Math.sqrt(6 / 800);
    const largest = draw('kaiming-uniform').reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThan(0.999 * bound);
  });

  test('zeros are zeros', () => {
    expect(draw('zeros').every((value) => value === 0)).toBe(true);
  });

  test('each tensor draws from a stream of its own: another layer does not shift it', async () => {
    const short = await layers([{ linear: { outputs: 4, name: 'a' } }, { linear: { outputs: 10, name: 'z' } }]);
    const long = await layers([
      { linear: { outputs: 4, name: 'a' } },
      { linear: { outputs: 4, name: 'new' } },
      { linear: { outputs: 10, name: 'z' } },
    ]);
    for (const name of ['a.weight', 'z.weight']) {
      expect(long.graph.initializers.get(name)).toEqual(short.graph.initializers.get(name));
    }
    expect(floatsOf(long.graph.initializers.get('new.weight')!)[0]).not.toBe(
      floatsOf(long.graph.initializers.get('a.weight')!)[0],
    );
  });

  test('equal seeds give equal weights, other seeds others', async () => {
    const weights = async (seed: number) =>
      (await layers([{ linear: 10 }], { seed })).graph.initializers.get('fc1.weight')!.bytes;
    expect(await weights(1)).toEqual(await weights(1));
    expect(await weights(1)).not.toEqual(await weights(2));
  });
});
