import { UserError } from '../core/errors.js';
import type { Dataset, Samples } from '../data/dataset.js';

export type SplitName = 'test' | 'validation' | 'train';

/**
 * The split asked for, or else the first there is of test, validation and train.
 * Throws EVALUATE_SPLIT where the data set lacks it or it is empty.
 */
export function chooseSplit(data: Dataset, asked?: SplitName): { readonly name: SplitName; readonly samples: Samples } {
  const splits: readonly (readonly [SplitName, Samples | null])[] = [
    ['test', data.test],
    ['validation', data.validation],
    ['train', data.train],
  ];
  const present = splits.filter((split): split is [SplitName, Samples] => split[1] !== null && split[1].count > 0);
  const chosen = asked === undefined ? present[0] : present.find(([name]) => name === asked);
  if (chosen === undefined) {
    const names = present.map(([name]) => name).join(', ') || 'none';
    throw new UserError(
      'EVALUATE_SPLIT',
      asked === undefined ? 'The data set has no samples.' : `The data set has no samples in its split "${asked}".`,
      `Splits that it has: ${names}.`,
    );
  }
  return { name: chosen[0], samples: chosen[1] };
}
