import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/core/canonical-json.js';
import { complete } from '../../src/core/json-schema/complete.js';
import type { Schema } from '../../src/core/json-schema/schema.js';
import type { Target } from '../../src/data/dataset.js';
import { requestFromOptions, TRAINING_OPTIONS, type TrainingOptions } from '../../src/train/index.js';

const CLASSES: Target = { kind: 'class', classes: 3 };
const VALUES: Target = { kind: 'value', shape: [2] };

/** The request for options as a recipe writes them. */
function requestOf(options: Record<string, Json>, target = CLASSES) {
  const schema = { type: 'object', properties: TRAINING_OPTIONS } as unknown as Schema;
  return requestFromOptions(complete(schema, { data: 'd', ...options }) as unknown as TrainingOptions, target);
}

/** The learning rate's factor at every step of two epochs with five steps. */
const factors = (schedule: Json): number[] =>
  Array.from({ length: 10 }, (_, step) => requestOf({ schedule }).schedule!({ step, steps: 10, stepsPerEpoch: 5 }));

describe('options of training', () => {
  it('leave out what is not given', () => {
    expect(Object.keys(requestOf({})).sort()).toEqual([
      'accumulate',
      'batch',
      'batchNorm',
      'length',
      'loss',
      'optimizer',
      'schedule',
    ]);
  });

  it('pass the choices on', () => {
    const choices = {
      accumulate: 4,
      augment: { flip: 'horizontal', crop: { padding: 4 }, mixup: 0.2 },
      classWeights: [1, 2, 3],
      clipNorm: 1,
      average: { decay: 0.99, warmup: true },
      overrides: [{ select: { include: ['fc1'] }, with: { lrFactor: 0.1 } }],
      keep: 'last',
      shards: 2,
    };
    expect(requestOf(choices)).toMatchObject(choices);
  });

  it('fill in the defaults of PyTorch', () => {
    expect(requestOf({ average: {} }).average).toEqual({ decay: 0.999, warmup: true });
    const { learningRate, slotNames } = requestOf({ optimizer: { rmsprop: {} } }).optimizer;
    expect([learningRate, slotNames]).toEqual([0.01, ['square']]);
    expect(requestOf({ optimizer: { rmsprop: { momentum: 0.9, centered: true } } }).optimizer.slotNames).toEqual([
      'square',
      'mean',
      'momentum',
    ]);
    expect(factors({ oneCycle: {} })[0]).toBeCloseTo(1 / 25);
    expect(factors({ oneCycle: {} })[9]).toBeCloseTo(1 / 25 / 1e4);
  });

  it('choose the schedule', () => {
    expect(factors({ exponential: { factor: 0.5 } })[5]).toBeCloseTo(0.5);
    expect(factors({ linear: {} })[5]).toBeCloseTo(0.5);
    expect(factors({ polynomial: {} })[5]).toBeCloseTo(0.25);
    expect(factors({ polynomial: { power: 3, final: 0.2 } })[5]).toBeCloseTo(0.2 + 0.8 / 8);
  });

  it('refuse class weights for another loss', () => {
    expect(() => requestOf({ loss: 'huber', classWeights: 'balanced' })).toThrowErrorMatchingInlineSnapshot(
      `[UserError: \`classWeights\` weight a cross-entropy, but the loss is huber. Leave \`classWeights\` out, or set \`loss: cross-entropy\` for data with classes.]`,
    );
    expect(() => requestOf({ classWeights: [1, 2] }, VALUES)).toThrow('the loss is mean-squared-error');
  });
});
