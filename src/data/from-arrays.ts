import { UserError } from '../core/errors.js';
import { sizeOf } from '../onnx/tensor.js';
import { assembleDataset, COMMON_OPTIONS, type CommonOptions } from './assemble.js';
import { channelsFirst } from './channels-first.js';
import type { Dataset, Target } from './dataset.js';
import { DiskRows } from './disk-rows.js';
import { checkCounts, checkLabels, countClasses } from './labels.js';
import type { NpyArray, NpyRows } from './npy-file.js';
import type { NumericArray } from './numeric-array.js';
import type { Stored } from './stored.js';

/** Options of readers whose files hold arrays x [N, …] and y. */
export const ARRAY_OPTIONS = {
  target: {
    enum: ['class', 'value'],
    description:
      'What y is: classes 0, 1, 2 …, or values to regress. Default: class for whole numbers, value for floats.',
  },
  classes: {
    type: 'integer',
    minimum: 2,
    description: 'Number of classes; default: the highest training label plus one.',
  },
  layout: {
    enum: ['channels-first', 'channels-last'],
    default: 'channels-first',
    description: 'Order of the dimensions of an image: [C, H, W] or [H, W, C]. An image [H, W] has one channel.',
  },
  shape: {
    type: 'array',
    minItems: 1,
    items: { type: 'integer', minimum: 1 },
    description: 'Another shape for each sample, of as many numbers, for instance [1, 28, 28]; after `layout`.',
  },
  ...COMMON_OPTIONS,
} as const;

export interface ArrayOptions extends CommonOptions {
  readonly target?: 'class' | 'value' | undefined;
  readonly classes?: number | undefined;
  readonly layout: 'channels-first' | 'channels-last';
  readonly shape?: readonly number[] | undefined;
}

/** Samples and targets that belong together, with the names that messages use. */
export interface ArrayPair {
  readonly x: NpyArray | NpyRows;
  readonly xName: string;
  readonly y: NpyArray;
  readonly yName: string;
}

/** The data set of one or two pairs of arrays. Throws DATA_COUNT, DATA_SHAPE, DATA_LABEL_RANGE, DATA_TYPE and what assembling throws. */
export async function datasetFromArrays(
  train: ArrayPair,
  test: ArrayPair | null,
  options: ArrayOptions,
): Promise<Dataset> {
  const kind = options.target ?? (train.y.values instanceof Float32Array ? 'value' : 'class');
  const target: Target =
    kind === 'class'
      ? { kind, classes: options.classes ?? countClasses(train.y.values) }
      : { kind, shape: train.y.shape.slice(1) };
  const stored = (pair: ArrayPair) => toStored(pair, target, options);
  return assembleDataset({ train: stored(train), test: test === null ? null : stored(test), target }, options);
}

function toStored({ x, xName, y, yName }: ArrayPair, target: Target, options: ArrayOptions): Stored {
  if (x.shape.length < 2) {
    throw new UserError(
      'DATA_SHAPE',
      `${xName} has the shape [${x.shape.join(', ')}].`,
      'It must be [N, …]: samples first.',
    );
  }
  const [count = 0, ...sample] = x.shape;
  checkCounts(count, xName, y.shape[0] ?? 1, yName);
  return { source: xName, count, ...arrange(x, xName, sample, options), labels: labelsOf(y, yName, target) };
}

function arrange(
  x: ArrayPair['x'],
  name: string,
  sample: readonly number[],
  options: ArrayOptions,
): Pick<Stored, 'values' | 'shape'> {
  let shape = sample.length === 2 ? [1, ...sample] : [...sample];
  if (options.layout === 'channels-last' && sample.length === 3) {
    const [height = 0, width = 0, channels = 0] = sample;
    const arrange = (values: NumericArray) => channelsFirst(values, height * width, channels);
    if (x.values instanceof DiskRows) x.values.rearranged(arrange);
    else arrange(x.values);
    shape = [channels, height, width];
  }
  if (options.shape === undefined) return { values: x.values, shape };
  if (sizeOf(options.shape) !== sizeOf(shape)) {
    throw new UserError(
      'DATA_SHAPE',
      `${name} holds samples of ${sizeOf(shape)} numbers, but shape: [${options.shape.join(', ')}] asks for ${sizeOf(options.shape)}.`,
      'Give a shape whose product is the number of values in a sample.',
    );
  }
  return { values: x.values, shape: options.shape };
}

function labelsOf(y: NpyArray, name: string, target: Target): Int32Array | Float32Array {
  if (target.kind === 'value') {
    if (y.shape.slice(1).join() !== target.shape.join()) {
      throw new UserError(
        'DATA_SHAPE',
        `${name} holds targets of shape [${y.shape.slice(1).join(', ')}], the training file [${target.shape.join(', ')}].`,
        'Both must have the same shape.',
      );
    }
    return Float32Array.from(y.values);
  }
  if (sizeOf(y.shape.slice(1)) !== 1) {
    throw new UserError(
      'DATA_SHAPE',
      `${name} has the shape [${y.shape.join(', ')}], but classes are one whole number per sample.`,
      'Save y.argmax(axis=1) if it is one-hot; set target: value if it is something to regress.',
    );
  }
  checkLabels(y.values, target.classes, name);
  return Int32Array.from(y.values);
}
