import { UserError } from '../core/errors.js';
import { sizeOf } from '../onnx/tensor.js';
import { DiskRows } from './disk-rows.js';
import { largestValue, type NumericArray } from './numeric-array.js';
import type { Stored } from './stored.js';

/** The option `normalize` of every reader. */
export const NORMALIZE_SCHEMA = {
  description:
    'How stored values become inputs: "standard" subtracts the mean and divides by the standard deviation of each ' +
    'channel (each column, where samples are flat) over the training samples; "unit" divides by the largest value of the stored type; ' +
    '"none" leaves them; { mean, std } gives the numbers.',
  anyOf: [
    { enum: ['standard', 'unit', 'none'] },
    {
      type: 'object',
      additionalProperties: false,
      required: ['mean', 'std'],
      properties: {
        mean: {
          type: 'array',
          minItems: 1,
          items: { type: 'number' },
          description: 'One per channel, or one for all.',
        },
        std: {
          type: 'array',
          minItems: 1,
          items: { type: 'number', exclusiveMinimum: 0 },
          description: 'One per channel, or one for all.',
        },
      },
    },
  ],
  default: 'standard',
} as const;

export type NormalizeOption =
  | 'standard'
  | 'unit'
  | 'none'
  | { readonly mean: readonly number[]; readonly std: readonly number[] };

/** input = (stored - mean) / std, per channel: the first dimension of a sample. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * The numbers that an option stands for.
 * @param train positions that "standard" takes its statistics from
 * @param largest what "unit" divides by, where the format knows better than the stored type
 * Throws DATA_NORMALIZE for a wrong number of channels, and for "unit" on floats.
 */
export async function resolveNormalization(
  option: NormalizeOption,
  stored: Stored,
  train: Uint32Array,
  largest: number | null = largestValue(stored.values instanceof DiskRows ? stored.values.none : stored.values),
): Promise<Normalization> {
  const channels = stored.shape[0] ?? 1;
  if (option === 'none') return constant(channels, 0, 1);
  if (option === 'standard') return statistics(stored, train);
  if (option === 'unit') {
    if (largest !== null) return constant(channels, 0, largest);
    throw new UserError(
      'DATA_NORMALIZE',
      `normalize: unit needs whole numbers of a fixed range, but ${stored.source} holds floating-point values.`,
      'Give the range yourself, for instance normalize: { mean: [0], std: [255] }.',
    );
  }
  return { mean: perChannel(option.mean, 'mean', channels), std: perChannel(option.std, 'std', channels) };
}

function constant(channels: number, mean: number, std: number): Normalization {
  return { mean: Array<number>(channels).fill(mean), std: Array<number>(channels).fill(std) };
}

function perChannel(values: readonly number[], name: string, channels: number): number[] {
  if (values.length === channels) return [...values];
  if (values.length === 1) return Array<number>(channels).fill(values[0]!);
  throw new UserError(
    'DATA_NORMALIZE',
    `normalize.${name} has ${values.length} numbers, but the samples have ${channels} channels.`,
    'Give one number per channel, or one for all.',
  );
}

/** Mean and population standard deviation of each channel, in two passes; 1 for a channel that never changes. */
async function statistics(stored: Stored, train: Uint32Array): Promise<Normalization> {
  const channels = stored.shape[0] ?? 1;
  const plane = sizeOf(stored.shape) / channels;
  const mean = new Float64Array(channels);
  const squares = new Float64Array(channels);
  await visitSamples(stored, train, (values, start) => {
    let at = start;
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (const end = at + plane; at < end; at++) sum += values[at]!;
      mean[c]! += sum;
    }
  });
  for (let c = 0; c < channels; c++) mean[c]! /= train.length * plane;
  await visitSamples(stored, train, (values, start) => {
    let at = start;
    for (let c = 0; c < channels; c++) {
      const center = mean[c]!;
      let sum = 0;
      for (const end = at + plane; at < end; at++) sum += (values[at]! - center) ** 2;
      squares[c]! += sum;
    }
  });
  const std = Array.from(squares, (sum) => Math.sqrt(sum / (train.length * plane)) || 1);
  return { mean: Array.from(mean), std };
}

/** Calls `visit` for each of the samples in order. @param positions ascending @param visit.start of the sample in `values` */
async function visitSamples(
  { values, shape }: Stored,
  positions: Uint32Array,
  visit: (values: NumericArray, start: number) => void,
): Promise<void> {
  const size = sizeOf(shape);
  if (!(values instanceof DiskRows)) {
    for (const position of positions) visit(values, position * size);
    return;
  }
  let next = 0;
  await values.scan((rows, first) => {
    const end = first + rows.length / size;
    for (; next < positions.length && positions[next]! < end; next++) visit(rows, (positions[next]! - first) * size);
  });
}
