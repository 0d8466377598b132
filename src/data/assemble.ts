import { UserError } from '../core/errors.js';
import { sizeOf } from '../onnx/tensor.js';
import type { Dataset, Target } from './dataset.js';
import { NORMALIZE_SCHEMA, type NormalizeOption, resolveNormalization } from './normalize.js';
import { limitSamples, SPLIT_SCHEMA, type SplitOptions, splitSamples } from './splits.js';
import type { Stored } from './stored.js';
import { viewOf } from './view.js';

/** Options that every reader has; spread them into its schema's properties. */
export const COMMON_OPTIONS = {
  split: SPLIT_SCHEMA,
  normalize: NORMALIZE_SCHEMA,
  limit: {
    type: 'integer',
    minimum: 1,
    description:
      'At most this many samples in each of train, validation and test, drawn with split.seed: for quick tries.',
  },
} as const;

export interface CommonOptions {
  readonly split?: SplitOptions | undefined;
  readonly normalize: NormalizeOption;
  readonly limit?: number | undefined;
}

export interface Parts {
  readonly train: Stored;
  readonly test: Stored | null;
  readonly target: Target;
  /** What "unit" divides by, where it is not the largest value of the stored type. */
  readonly largest?: number;
}

/**
 * The data set of what a reader has read: splits, limit and normalization applied, as views of the stored samples.
 * Throws DATA_EMPTY, DATA_CLASSES, DATA_SHAPE, DATA_SPLIT, DATA_NORMALIZE.
 */
export async function assembleDataset(
  { train, test, target, largest }: Parts,
  options: CommonOptions,
): Promise<Dataset> {
  for (const part of [train, test]) {
    if (part?.count === 0) throw new UserError('DATA_EMPTY', `${part.source} holds no samples.`, 'Check the path.');
    if (part !== null) checkShape(part);
  }
  if (target.kind === 'class' && target.classes < 2) {
    throw new UserError(
      'DATA_CLASSES',
      `${train.source} has samples of one class only.`,
      'There is nothing to tell apart; check the labels.',
    );
  }
  if (test !== null) checkSameShape(train, test);
  const split = options.split ?? { seed: 0, stratify: false };
  if (test !== null && split.test !== undefined) {
    throw new UserError(
      'DATA_SPLIT',
      'split.test takes test samples out of the training files, but test files are given too.',
      'Remove one of the two.',
    );
  }
  const labels = target.kind === 'class' ? (train.labels as Int32Array) : null;
  const positions = splitSamples(train.count, split, labels);
  const limited = (part: Uint32Array) => limitSamples(part, options.limit ?? part.length, split.seed);
  const trainPositions = limited(positions.train);
  const normalization = await resolveNormalization(options.normalize, train, trainPositions, largest);
  const view = (stored: Stored, part: Uint32Array) => viewOf(stored, part, normalization);
  return {
    inputShape: train.shape,
    target,
    normalization,
    train: view(train, trainPositions),
    validation: positions.validation === null ? null : view(train, limited(positions.validation)),
    test:
      test !== null
        ? view(test, limited(Uint32Array.from({ length: test.count }, (_, i) => i)))
        : positions.test === null
          ? null
          : view(train, limited(positions.test)),
  };
}

function checkShape({ source, shape }: Stored): void {
  if (sizeOf(shape) === 0) {
    const text = `The samples of ${source} have the shape [${shape.join(', ')}]: no numbers.`;
    throw new UserError('DATA_EMPTY', text, 'Check the file.');
  }
  if (shape[0] === undefined || shape[0] <= MAX_CHANNELS) return;
  throw new UserError(
    'DATA_SHAPE',
    `The samples of ${source} have the shape [${shape.join(', ')}]; at most ${MAX_CHANNELS} channels, or columns, are read.`,
    'If these are pixels, say so with shape: [1, height, width].',
  );
}

/** Each has a mean and a deviation of its own, which are kept as numbers of JavaScript. */
const MAX_CHANNELS = 1 << 22;

function checkSameShape(train: Stored, test: Stored): void {
  if (train.shape.join() === test.shape.join()) return;
  throw new UserError(
    'DATA_SHAPE',
    `Training samples are [${train.shape.join(', ')}] (${train.source}), test samples [${test.shape.join(', ')}] (${test.source}).`,
    'Both must have the same shape.',
  );
}
