import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adam, adamw, type Optimizer, rmsprop, sgd } from '../../src/train/optimizers/index.js';
import { runUpdates, type UpdateRun, type UpdateState } from './update-rig.js';

type States = readonly (readonly number[])[];

interface Reference {
  readonly weights: number[];
  readonly biases: number[];
  readonly gradients: number[][];
  readonly cases: Record<string, States>;
  readonly clipped: Record<string, States>;
  readonly groups: Record<string, States>;
  readonly averages: Record<string, States>;
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
  rmsprop: rmsprop({ lr: 0.02, alpha: 0.9, epsilon: 1e-8, momentum: 0, centered: false, weightDecay: 0.01 }),
  'rmsprop with momentum': rmsprop({
    lr: 0.02,
    alpha: 0.99,
    epsilon: 1e-6,
    momentum: 0.9,
    centered: false,
    weightDecay: 0,
  }),
  'rmsprop centered': rmsprop({
    lr: 0.02,
    alpha: 0.9,
    epsilon: 1e-3,
    momentum: 0.5,
    centered: true,
    weightDecay: 0.01,
  }),
};

/** Twenty steps on the gradients of the script. */
function runReference(name: string, changes: Partial<UpdateRun> = {}): Promise<UpdateState[]> {
  const { weights, biases, gradients } = reference;
  return runUpdates({
    weights,
    biases,
    optimizer: OPTIMIZERS[name]!,
    steps: gradients.length,
    gradients: (step) => [gradients[step]!],
    ...changes,
  });
}

function largestError(states: readonly Float32Array[], expected: States): number {
  expect(states.length).toBe(20);
  return Math.max(
    ...states.flatMap((state, step) => [...state].map((value, i) => Math.abs(value - expected[step]![i]!))),
  );
}

const parametersOf = (states: readonly UpdateState[]) => states.map(({ parameters }) => parameters);

describe('twenty steps agree with PyTorch:', () => {
  it.each(Object.entries(reference.cases))('%s, with decay on weights only', async (name, expected) => {
    expect(largestError(parametersOf(await runReference(name)), expected)).toBeLessThan(1e-5);
  });

  it.each(Object.entries(reference.clipped))('%s with gradients clipped to a length', async (name, expected) => {
    expect(largestError(parametersOf(await runReference(name, { clipNorm: 1.5 })), expected)).toBeLessThan(1e-5);
  });

  it.each(Object.entries(reference.groups))(
    '%s, with another decay of the weights and another rate of the biases',
    async (name, expected) => {
      // A bias has no decay, even if the recipe gives one.
      const weightDecay = new Map(['w', 'b'].map((tensor) => [tensor, 0.5]));
      const states = await runReference(name.split(' ')[0]!, {
        weightDecay,
        learningRateScale: new Map([['b', 0.25]]),
      });
      expect(largestError(parametersOf(states), expected)).toBeLessThan(1e-5);
    },
  );

  it.each(Object.entries(reference.averages))('the average of the weights, %s', async (name, expected) => {
    const states = await runReference('sgd', { average: { decay: 0.9, warmup: name === 'warm-up' } });
    expect(largestError(parametersOf(states), reference.cases.sgd!)).toBeLessThan(1e-5);
    const averages = states.map(({ slots }) => slots.at(-1)!);
    expect(largestError(averages, expected)).toBeLessThan(1e-5);
  });
});

describe('an update', () => {
  it('clips by the length of what may change: masked weights do not count', async () => {
    const [state] = await runUpdates({
      weights: [1, 1, 0],
      optimizer: sgd({ lr: 1, momentum: 0, nesterov: false, weightDecay: 0 }),
      clipNorm: 5,
      keep: [1, 1, 0],
      steps: 1,
      gradients: () => [[3, 4, 100]],
    });
    // The length of (3, 4) is 5: nothing is shortened, but for the 1e-6 that the formula adds.
    [-2, -3, 0].forEach((value, i) => {
      expect(state!.parameters[i]).toBeCloseTo(value, 5);
    });
    expect(Object.is(state!.parameters[2], 0)).toBe(true);
  });

  it('averages what the mask leaves', async () => {
    const states = await runUpdates({
      weights: [1, 0],
      optimizer: sgd({ lr: 1, momentum: 0.9, nesterov: false, weightDecay: 0 }),
      average: { decay: 0.5, warmup: false },
      keep: [1, 0],
      steps: 3,
      gradients: () => [[0.5, 1]],
    });
    expect(states.every(({ slots }) => Object.is(slots.at(-1)![1], 0))).toBe(true);
  });

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
