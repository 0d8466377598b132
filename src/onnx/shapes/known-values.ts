import type { Dim, Tensor } from '../ir.js';
import { floatsOf, intsOf, sizeOf } from '../tensor.js';

/**
 * The contents of a small tensor, as far as they are known before running: each a number, a symbolic dimension, or
 * null. This is what shapes are computed from.
 */
export interface KnownValues {
  readonly dims: readonly number[];
  /** In row-major order. */
  readonly values: readonly Dim[];
  /** Whether division truncates. */
  readonly isInteger: boolean;
}

/** Shape arithmetic is about ranks, not data: larger tensors are not followed. */
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

/** The contents of a constant, or undefined if it is too large or of another type. */
export function valuesOfTensor(tensor: Tensor): KnownValues | undefined {
  const { dims } = tensor;
  if (sizeOf(dims) > MOST_KNOWN_VALUES) return undefined;
  if (INTEGERS.has(tensor.dataType)) return { dims, values: intsOf(tensor), isInteger: true };
  if (tensor.dataType === 'float32') return { dims, values: Array.from(floatsOf(tensor)), isInteger: false };
  return undefined;
}
