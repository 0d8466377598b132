import type { DataType, Tensor } from '../onnx/ir.js';
import type { Feed, TypedArray } from './session.js';

/** A constant as a feed: a view where the alignment allows it, else a copy. Types without an array of their own stay bytes. */
export function feedOf({ dataType, dims, bytes }: Tensor): Feed {
  const type = ARRAYS[dataType] ?? Uint8Array;
  const { buffer, byteOffset, byteLength } = byteAligned(bytes, type.BYTES_PER_ELEMENT);
  return { dataType, dims, data: new type(buffer, byteOffset, byteLength / type.BYTES_PER_ELEMENT) };
}

/** A feed as a constant over the same bytes. */
export function tensorOf({ dataType, dims, data }: Feed): Tensor {
  return { dataType, dims, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

function byteAligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : bytes.slice();
}

const ARRAYS: Partial<
  Record<
    DataType,
    { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBufferLike, at: number, length: number): TypedArray }
  >
> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
};
