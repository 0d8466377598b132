import { expect, it } from 'vitest';
import type { Dataset, Samples } from '../../src/data/dataset.js';
import { chooseSplit } from '../../src/evaluate/choose-split.js';

function samples(count: number): Samples {
  return { count, read: () => undefined };
}

function dataset(validation: Samples | null, test: Samples | null): Dataset {
  return { inputShape: [1], target: { kind: 'class', classes: 2 }, train: samples(3), validation, test };
}

it('prefers test, then validation, then train', () => {
  expect(chooseSplit(dataset(samples(2), samples(1)))).toMatchObject({ name: 'test', samples: { count: 1 } });
  expect(chooseSplit(dataset(samples(2), null))).toMatchObject({ name: 'validation', samples: { count: 2 } });
  expect(chooseSplit(dataset(null, null))).toMatchObject({ name: 'train', samples: { count: 3 } });
});

it('gives the split asked for', () => {
  expect(chooseSplit(dataset(samples(2), samples(1)), 'validation').name).toBe('validation');
});

it('refuses a split that the data set lacks and says which it has', () => {
  expect(() => chooseSplit(dataset(samples(2), null), 'test')).toThrowErrorMatchingInlineSnapshot(
    `[UserError: The data set has no samples in its split "test". Splits that it has: validation, train.]`,
  );
});
