import { UserError } from '../core/errors.js';
import type { Tensor } from '../onnx/ir.js';
import { floatsOf, floatTensor, fromArray, sizeOf } from '../onnx/tensor.js';
import { type AffineParameters, affineParameters, type QuantType, quantize, quantRange, type Range } from './affine.js';

export interface TensorQuantization {
  readonly type: QuantType;
  readonly isSymmetric: boolean;
  /** The axis that has its own scale for every index (output channels); null: one scale for the tensor. */
  readonly axis: number | null;
  /** `mean`: the range reaches equally far to both sides of the mean of the values. Default `range`: from min to max. */
  readonly center?: 'range' | 'mean';
}

export interface QuantizedTensor {
  /** int8 or uint8, the shape of the float tensor. */
  readonly values: Tensor;
  /** float32, [] or [channels]. */
  readonly scale: Tensor;
  /** The type of `values`, [] or [channels]. */
  readonly zeroPoint: Tensor;
  /** One entry, or one per channel. */
  readonly parameters: readonly AffineParameters[];
}

/**
 * Quantizes a constant: w ≈ scale × (q - zeroPoint). A weight that is 0 becomes exactly zeroPoint, so sparsity survives.
 * @param name in messages
 * Throws QUANTIZE_NOT_FINITE for NaN or infinite values.
 */
export function quantizeTensor(tensor: Tensor, name: string, how: TensorQuantization): QuantizedTensor {
  return applyParameters(tensor, parametersOf(tensor, name, how), how);
}

/** One scale and zero point, or one per index of the axis. */
export function parametersOf(tensor: Tensor, name: string, how: TensorQuantization): AffineParameters[] {
  const ranges = rangesOf(tensor, how.axis, name);
  const centered = how.center === 'mean' ? centerOnMean(tensor, how.axis, ranges) : ranges;
  return centered.map((range) => affineParameters(range, how.type, how.isSymmetric));
}

/** Quantizes with given parameters. */
export function applyParameters(
  tensor: Tensor,
  parameters: readonly AffineParameters[],
  how: Pick<TensorQuantization, 'type' | 'isSymmetric' | 'axis'>,
): QuantizedTensor {
  const floats = floatsOf(tensor);
  const limits = quantRange(how.type, how.isSymmetric);
  const integers = how.type === 'int8' ? Int8Array : Uint8Array;
  const values = new integers(floats.length);
  const channelOf = channelIndex(tensor.dims, how.axis);
  for (let i = 0; i < floats.length; i++) {
    const channel = parameters[channelOf(i)]!;
    values[i] = quantize(floats[i]!, channel, limits);
    if (floats[i] === 0 && values[i] !== channel.zeroPoint) throw new Error('internal: a zero weight is not exact');
  }
  const dims = how.axis === null ? [] : [parameters.length];
  const zeroPoints = integers.from(parameters.map((entry) => entry.zeroPoint));
  return {
    values: fromArray(how.type, values, tensor.dims),
    scale: floatTensor(
      Float32Array.from(parameters, (entry) => entry.scale),
      dims,
    ),
    zeroPoint: fromArray(how.type, zeroPoints, dims),
    parameters,
  };
}

/** Smallest and largest value of the tensor, or of each index of the axis; 0..0 where there is none. */
export function rangesOf(tensor: Tensor, axis: number | null, name: string): Range[] {
  const floats = floatsOf(tensor);
  const channels = axis === null ? 1 : tensor.dims[axis]!;
  const ranges = Array.from({ length: channels }, () => ({
    min: Number.POSITIVE_INFINITY,
    max: -Number.POSITIVE_INFINITY,
  }));
  const channelOf = channelIndex(tensor.dims, axis);
  for (let i = 0; i < floats.length; i++) {
    const value = floats[i]!;
    if (!Number.isFinite(value)) throw notFinite(name, value, i);
    const range = ranges[channelOf(i)]!;
    if (value < range.min) range.min = value;
    if (value > range.max) range.max = value;
  }
  return ranges.map((range) => (range.min > range.max ? { min: 0, max: 0 } : range));
}

function notFinite(name: string, value: number, index: number): UserError {
  return new UserError(
    'QUANTIZE_NOT_FINITE',
    `The tensor "${name}" holds ${value} at position ${index}, which no integer can stand for.`,
    'Look at the stage that made this model, often a learning rate that is too high.',
  );
}

/** [mean - r, mean + r] with r the largest distance from the mean: contains every value. */
function centerOnMean(tensor: Tensor, axis: number | null, ranges: readonly Range[]): Range[] {
  const floats = floatsOf(tensor);
  const sums = new Float64Array(ranges.length);
  const channelOf = channelIndex(tensor.dims, axis);
  for (let i = 0; i < floats.length; i++) sums[channelOf(i)]! += floats[i]!;
  const count = Math.max(1, floats.length / ranges.length);
  return ranges.map((range, channel) => {
    const mean = sums[channel]! / count;
    const radius = Math.max(range.max - mean, mean - range.min);
    return { min: mean - radius, max: mean + radius };
  });
}

/** Maps a flat index to the index along the axis. */
function channelIndex(dims: readonly number[], axis: number | null): (index: number) => number {
  if (axis === null) return () => 0;
  const inner = sizeOf(dims.slice(axis + 1));
  const channels = dims[axis]!;
  return (index) => Math.floor(index / inner) % channels;
}
