import { describe, expect, it } from 'vitest';
import type { Dataset, Target } from '../../src/data/dataset.js';
import { resolveClassWeights } from '../../src/train/class-weights.js';
import { samplesOf } from './rig.js';

function dataset(labels: readonly number[], target: Target): Dataset {
  const y = target.kind === 'class' ? Int32Array.from(labels) : Float32Array.from(labels);
  return {
    inputShape: [1],
    target,
    train: samplesOf(new Float32Array(labels.length), y, 1),
    validation: null,
    test: null,
  };
}

const THREE: Target = { kind: 'class', classes: 3, names: ['cat', 'dog', 'eel'] };

describe('class weights', () => {
  it('balanced: N / (K · count) over the training split, 0 for a class that is not there', async () => {
    const labels = Array.from({ length: 600 }, (_, i) => (i % 6 === 0 ? 0 : 1));
    expect(await resolveClassWeights({ classWeights: 'balanced', data: dataset(labels, THREE) })).toEqual([2, 0.4, 0]);
  });

  it('given: as they are', async () => {
    expect(await resolveClassWeights({ classWeights: [1, 2, 0.5], data: dataset([0], THREE) })).toEqual([1, 2, 0.5]);
    expect(await resolveClassWeights({ data: dataset([0], THREE) })).toBe(null);
  });

  it('of another number are refused', async () => {
    const weights = resolveClassWeights({ classWeights: [1, 2], data: dataset([0], THREE) });
    await expect(weights).rejects.toThrowErrorMatchingInlineSnapshot(
      `[UserError: \`classWeights\` lists 2 weights, the data set has 3 classes. Give one weight for each class: cat, dog, eel.]`,
    );
  });

  it('for values are refused', async () => {
    const data = dataset([0.5], { kind: 'value', shape: [1] });
    await expect(resolveClassWeights({ classWeights: 'balanced', data })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[UserError: \`classWeights\` are given, but the labels of the data set are values, not classes. Leave \`classWeights\` out.]`,
    );
  });
});
