import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adam, adamw, type Optimizer, sgd } from '../../src/train/optimizers/index.js';
import { runUpdates } from './update-rig.js';

interface Reference {
  readonly weights: number[];
  readonly biases: number[];
  readonly gradients: number[][];
  readonly cases: Record<string, number[][]>;
}

// Made by test/fixtures/generate/train-optimizers.py.
const reference = JSON.parse(
  readFileSync(new URL('../fixtures/train/optimizers.json', import.meta.url), 'utf8'),
) as Reference;
const betas = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const OPTIMIZERS: Record<string, Optimizer> = {
  sgd: sgd({ lr: 0.05, momentum: 0.9, nesterov: false, weightDecay: 0.01 }),
  'sgd without momentum': sgd({ lr: 0.05, momentum: 0, nesterov: false, weightDecay: 0.01 }),
  nesterov: sgd({ lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  adam: adam({ lr: 0.02, ...betas, weightDecay: 0.01 }),
  adamw: adamw({ lr: 0.02, ...betas, weightDecay: 0.05 }),
};

describe('optimizers', () => {
  for (const [name, expected] of Object.entries(reference.cases)) {
    it(`${name}: twenty steps agree with PyTorch, decay on weights only`, async () => {
      const states = await runUpdates({
        weights: reference.weights,
        biases: reference.biases,
        optimizer: OPTIMIZERS[name]!,
        steps: expected.length,
        gradients: (step) => [reference.gradients[step]!],
      });
      let worst = 0;
      states.forEach(({ parameters }, step) => {
        parameters.forEach((value, i) => {
          worst = Math.max(worst, Math.abs(value - expected[step]![i]!));
        });
      });
      expect(worst).toBeLessThan(1e-5);
    });
  }

  it('gradients of shards are added in order', async () => {
    const [state] = await runUpdates({
      weights: [1, 2],
      optimizer: sgd({ lr: 1, momentum: 0, nesterov: false, weightDecay: 0 }),
      shards: 3,
      steps: 1,
      gradients: () => [
        [0.5, 1],
        [0.25, 0],
        [0.125, -2],
      ],
    });
    expect([...state!.parameters]).toEqual([0.125, 3]);
  });
});
