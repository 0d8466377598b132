import { UserError } from '../core/errors.js';
import type { NumericArray } from './numeric-array.js';

/** How the elements of a file become numbers in memory. */
export interface ElementType {
  /** Bytes of an element in the file, and in memory. */
  readonly fileBytes: number;
  readonly memoryBytes: number;
  /** The array in memory over a buffer of its own. */
  view(buffer: ArrayBufferLike): NumericArray;
  /**
   * Converts elements as they are in the file; null if memory holds the same bytes.
   * @param at the file, and the position in it of the first element, for messages
   * Throws DATA_NUMBER for an integer beyond 32 bits.
   */
  readonly convert: ((bytes: Uint8Array, values: NumericArray, at: ElementPlace) => void) | null;
}

export interface ElementPlace {
  readonly path: string;
  readonly first: number;
}

type ArrayType = { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBufferLike): NumericArray };
type WideArray = Float64Array | BigInt64Array | BigUint64Array;
type WideType = new (buffer: ArrayBufferLike, offset: number, length: number) => WideArray;

function same(array: ArrayType): ElementType {
  const bytes = array.BYTES_PER_ELEMENT;
  return { fileBytes: bytes, memoryBytes: bytes, view: (buffer) => new array(buffer), convert: null };
}

/** 64 bits in the file, 32 in memory. */
function narrowed(wide: WideType, array: ArrayType): ElementType {
  return {
    fileBytes: 8,
    memoryBytes: 4,
    view: (buffer) => new array(buffer),
    convert(bytes, values, { path, first }) {
      const from = new wide(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
      for (let i = 0; i < from.length; i++) {
        const value = Number(from[i]);
        values[i] = value;
        if (values instanceof Int32Array && values[i] !== value) {
          throw new UserError(
            'DATA_NUMBER',
            `${path}: element ${first + i} is ${from[i]}, which 32 bits do not hold.`,
            'Use smaller whole numbers, or floats.',
          );
        }
      }
    },
  };
}

export const UNSIGNED_BYTES: ElementType = same(Uint8Array);

/** By NumPy's names for them, in little-endian order. */
export const NUMPY_TYPES: Readonly<Record<string, ElementType>> = {
  '|b1': UNSIGNED_BYTES,
  '|u1': UNSIGNED_BYTES,
  '|i1': same(Int8Array),
  '<u2': same(Uint16Array),
  '<i2': same(Int16Array),
  '<u4': same(Uint32Array),
  '<i4': same(Int32Array),
  '<f4': same(Float32Array),
  '<f8': narrowed(Float64Array, Float32Array),
  '<i8': narrowed(BigInt64Array, Int32Array),
  '<u8': narrowed(BigUint64Array, Int32Array),
};
