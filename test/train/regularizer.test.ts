import { describe, expect, it } from 'vitest';
import { sgd } from '../../src/train/optimizers/index.js';
import { runUpdates } from './update-rig.js';

const TARGETS = [2, 0.3, -1.5, -0.2, 0.05, 0];
const plain = sgd({ lr: 0.1, momentum: 0, nesterov: false, weightDecay: 0 });
const withMomentum = sgd({ lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0 });
/** Gradient of ½(w − a)². */
const pull = (_step: number, w: Float32Array): number[][] => [TARGETS.map((a, i) => w[i]! - a)];

describe('L1 regularizer', () => {
  it('the proximal step takes ½(w − a)² + λ|w| to soft(a, λ), with exact zeros', async () => {
    const lambda = 0.25;
    const states = await runUpdates({
      weights: [1, 1, 1, 1, 1, 1],
      optimizer: plain,
      regularizer: { kind: 'l1', lambda, method: 'proximal' },
      steps: 300,
      gradients: pull,
    });
    const expected = TARGETS.map((a) => Math.sign(a) * Math.max(Math.abs(a) - lambda, 0));
    const { parameters } = states.at(-1)!;
    expected.forEach((value, i) => {
      expect(parameters[i]).toBeCloseTo(value, 5);
      if (value === 0) expect(Object.is(parameters[i], 0)).toBe(true);
    });
  });

  it('the subgradient step gets near soft(a, λ) but leaves no exact zeros', async () => {
    const states = await runUpdates({
      weights: [1, 1, 1, 1, 1, 1],
      optimizer: plain,
      regularizer: { kind: 'l1', lambda: 0.25, method: 'subgradient' },
      steps: 300,
      gradients: pull,
    });
    const { parameters } = states.at(-1)!;
    expect(parameters[0]).toBeCloseTo(1.75, 5);
    expect(parameters[2]).toBeCloseTo(-1.25, 5);
    expect(Math.abs(parameters[3]!)).toBeLessThan(0.06);
    expect([...parameters].filter((value) => value === 0)).toEqual([]);
  });

  it('λ = 0 gives the bits of training without a penalty', async () => {
    const run = { weights: [1, -1, 0.5, -0.5, 0.01, 0], optimizer: withMomentum, steps: 20, gradients: pull };
    const [free, proximal] = [
      await runUpdates(run),
      await runUpdates({ ...run, regularizer: { kind: 'l1', lambda: 0, method: 'proximal' } }),
    ];
    expect(proximal.at(-1)!.parameters).toEqual(free.at(-1)!.parameters);
  });

  it('biases are not penalized', async () => {
    const [state] = await runUpdates({
      weights: [1],
      biases: [1],
      optimizer: plain,
      regularizer: { kind: 'l1', lambda: 1, method: 'proximal' },
      steps: 1,
      gradients: () => [[0, 0]],
    });
    expect(state!.parameters[0]).toBeCloseTo(0.9, 6);
    expect(state!.parameters[1]).toBe(1);
  });

  it('masked weights stay +0 with momentum, and so does the momentum', async () => {
    const states = await runUpdates({
      weights: [0, 1, 0, 1, 0, 1],
      keep: [0, 1, 0, 1, 0, 1],
      optimizer: withMomentum,
      steps: 10,
      gradients: pull,
    });
    for (const { parameters, slots } of states) {
      for (const i of [0, 2, 4]) {
        expect(Object.is(parameters[i], 0)).toBe(true);
        expect(Object.is(slots[0]![i], 0)).toBe(true);
      }
      expect(parameters[1]).not.toBe(1);
    }
  });
});
