import type { Dim, Tensor } from '../ir.js';
import { floatsOf, intsOf, sizeOf } from '../tensor.js';

/**
 * The contents of a small tensor of rank 0 or 1, as far as they are known before running: a number, a symbolic
 * dimension, or null. This is what shapes are computed from.
 */
export interface KnownValues {
  readonly isScalar: boolean;
  readonly values: readonly Dim[];
  /** Whether division truncates. */
  readonly isInteger: boolean;
}

/** Shape arithmetic is about ranks, not data: longer vectors are not followed. */
export const MOST_KNOWN_VALUES = 64;

const INTEGERS: ReadonlySet<string> = new Set([
  'int64',
  'int32',
  'int16',
  'int8',
  'uint64',
  'uint32',
  'uint16',
  'uint8',
  'bool',
]);

/** The contents of a constant, or undefined if it is too long, of higher rank or of another type. */
export function valuesOfTensor(tensor: Tensor): KnownValues | undefined {
  if (tensor.dims.length > 1 || sizeOf(tensor.dims) > MOST_KNOWN_VALUES) return undefined;
  const isScalar = tensor.dims.length === 0;
  if (INTEGERS.has(tensor.dataType)) return { isScalar, values: intsOf(tensor), isInteger: true };
  if (tensor.dataType === 'float32') return { isScalar, values: Array.from(floatsOf(tensor)), isInteger: false };
  return undefined;
}
