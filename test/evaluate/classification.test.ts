import { describe, expect, it } from 'vitest';
import { ClassificationTally, largestIndex } from '../../src/evaluate/classification.js';

/** Rows of logits as one array. */
function rows(...values: number[][]): Float32Array {
  return Float32Array.from(values.flat());
}

describe('ClassificationTally', () => {
  it('counts predictions by true and predicted class', () => {
    const tally = new ClassificationTally(3, false);
    tally.add(rows([5, 1, 0], [0, 2, 1], [0, 3, 1], [1, 0, 9]), [0, 1, 2, 2]);
    const metrics = tally.metrics();
    expect(metrics.confusion).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 1, 1],
    ]);
    expect(metrics.accuracy).toBe(3 / 4);
    expect(metrics.perClass).toEqual([1, 1, 1 / 2]);
  });

  it('takes the mean cross-entropy over all batches', () => {
    const tally = new ClassificationTally(2, false);
    // By hand: -log(e^1 / (e^1 + e^3)) = log(1 + e^2); equal logits give log 2.
    tally.add(rows([1, 3]), [0]);
    tally.add(rows([4, 4]), [1]);
    expect(tally.metrics().loss).toBeCloseTo((Math.log(1 + Math.exp(2)) + Math.log(2)) / 2, 12);
  });

  it('does not overflow on large logits', () => {
    const tally = new ClassificationTally(2, false);
    tally.add(rows([1000, 0]), [1]);
    expect(tally.metrics().loss).toBeCloseTo(1000, 9);
  });

  it('takes the logarithm of outputs that are probabilities already', () => {
    const tally = new ClassificationTally(2, true);
    tally.add(rows([0.25, 0.75]), [1]);
    expect(tally.metrics().loss).toBeCloseTo(-Math.log(0.75), 7);
  });

  it('keeps the loss finite where a probability is zero', () => {
    const tally = new ClassificationTally(2, true);
    tally.add(rows([1, 0]), [1]);
    expect(tally.metrics().loss).toBeCloseTo(126 * Math.log(2), 9);
  });

  it('gives no accuracy for a class without samples', () => {
    const tally = new ClassificationTally(3, false);
    tally.add(rows([1, 0, 0]), [0]);
    expect(tally.metrics().perClass).toEqual([1, null, null]);
  });

  it('counts a label among the five largest outputs, the first of equal ones first', () => {
    const tally = new ClassificationTally(7, false);
    const outputs = [7, 6, 5, 4, 3, 3, 1];
    tally.add(rows(outputs, outputs, outputs), [4, 5, 6]);
    expect(tally.metrics().top5).toBe(1 / 3);
  });

  it('leaves top5 out where there are at most five classes', () => {
    const tally = new ClassificationTally(5, false);
    tally.add(rows([1, 2, 3, 4, 5]), [0]);
    expect(tally.metrics().top5).toBeNull();
  });
});

describe('largestIndex', () => {
  it('gives the first of equal values', () => {
    expect(largestIndex(Float32Array.from([1, 4, 4, 2]))).toBe(1);
  });
});
