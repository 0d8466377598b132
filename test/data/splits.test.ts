import { describe, expect, test } from 'vitest';
import { limitSamples, type SplitOptions, splitSamples } from '../../src/data/splits.js';

const options = (over: Partial<SplitOptions>): SplitOptions => ({ seed: 0, stratify: false, ...over });
const sizes = (split: ReturnType<typeof splitSamples>) =>
  [split.train, split.validation, split.test].map((part) => part?.length ?? null);

describe('splitSamples', () => {
  test('counts and shares give exact sizes, and the parts are the whole without overlap', () => {
    const split = splitSamples(103, options({ validation: 0.1, test: 20 }), null);
    expect(sizes(split)).toEqual([73, 10, 20]);
    const all = [...split.train, ...split.validation!, ...split.test!].sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 103 }, (_, i) => i));
  });

  test('without a size everything is for training, in the order of the file', () => {
    expect(splitSamples(3, options({}), null)).toEqual({
      train: Uint32Array.of(0, 1, 2),
      validation: null,
      test: null,
    });
  });

  test('the same seed draws the same samples, another seed others', () => {
    const draw = (seed: number) => [...splitSamples(1000, options({ validation: 100, seed }), null).validation!];
    expect(draw(3)).toEqual(draw(3));
    expect(draw(3)).not.toEqual(draw(4));
  });

  test('the test part stays when the validation part changes its size', () => {
    const draw = (validation: number) => splitSamples(1000, options({ validation, test: 50 }), null).test;
    expect(draw(100)).toEqual(draw(300));
  });

  test('stratifying keeps the share of every class to the nearest sample', () => {
    // 60 of class 0, 30 of class 1, 10 of class 2; a fifth of each.
    const labels = Int32Array.from({ length: 100 }, (_, i) => (i % 10 === 0 ? 2 : i % 10 < 4 ? 1 : 0));
    const split = splitSamples(100, options({ validation: 20, stratify: true }), labels);
    const counts = [0, 0, 0];
    for (const position of split.validation!) counts[labels[position]!]!++;
    expect(counts).toEqual([12, 6, 2]);
    expect(sizes(split)).toEqual([80, 20, null]);
  });

  test('stratifying hands out what rounding leaves, so that the size is exact', () => {
    const labels = Int32Array.from({ length: 9 }, (_, i) => i % 3);
    expect(sizes(splitSamples(9, options({ validation: 4, test: 2, stratify: true }), labels))).toEqual([3, 4, 2]);
  });

  test('impossible sizes are refused', () => {
    const messageOf = (over: Partial<SplitOptions>) => {
      try {
        splitSamples(100, options(over), null);
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error('expected an error');
    };
    expect([
      messageOf({ validation: 60, test: 40 }),
      messageOf({ validation: 2.5 }),
      messageOf({ test: 0.001 }),
      messageOf({ validation: 0.5, stratify: true }),
    ]).toMatchInlineSnapshot(`
      [
        "split takes 100 samples out of 100: none are left to train on. Lower split.validation or split.test.",
        "split.validation is 2.5, neither a share between 0 and 1 nor a whole number of samples. Write for instance 0.1 for a tenth of the samples, or 5000.",
        "split.test is 0.001: of 100 samples that is not even one. Raise it, or write a number of samples.",
        "split.stratify needs classes, but the targets are values. Remove it.",
      ]
    `);
  });
});

test('a limit draws from all over the set, not from its beginning', () => {
  const positions = Uint32Array.from({ length: 1000 }, (_, i) => i);
  const limited = limitSamples(positions, 50, 0);
  expect(limited.length).toBe(50);
  expect(new Set(limited).size).toBe(50);
  expect(limited[49]).toBeGreaterThan(900);
  expect([...limited]).toEqual([...limited].sort((a, b) => a - b));
});
