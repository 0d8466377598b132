import type { DataType, Tensor } from './ir.js';

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  let size = 1;
  for (const dim of dims) size *= dim;
  return size;
}

/** Bits of one element; 0 for strings and undefined. */
export function bitsOf(dataType: DataType): number {
  return BITS[dataType];
}

/** Bytes of a tensor of this type and shape; types below 8 bits are packed, the last byte filled up. */
export function byteLengthOf(dataType: DataType, dims: readonly number[]): number {
  return Math.ceil((sizeOf(dims) * BITS[dataType]) / 8);
}

/** A float32 tensor over the values (no copy of a Float32Array). */
export function floatTensor(values: Float32Array | readonly number[], dims: readonly number[]): Tensor {
  return fromArray('float32', values instanceof Float32Array ? values : Float32Array.from(values), dims);
}

export function int64Tensor(values: readonly (number | bigint)[], dims: readonly number[] = [values.length]): Tensor {
  return fromArray(
    'int64',
    BigInt64Array.from(values, (value) => BigInt(value)),
    dims,
  );
}

export function int32Tensor(values: Int32Array | readonly number[], dims: readonly number[]): Tensor {
  return fromArray('int32', values instanceof Int32Array ? values : Int32Array.from(values), dims);
}

/** A scalar of any float type or of an integer type of 8, 32 or 64 bits. Throws for other types: a bug in the caller. */
export function scalarTensor(value: number, dataType: DataType): Tensor {
  switch (dataType) {
    case 'float32':
      return floatTensor([value], []);
    case 'float64':
      return fromArray(dataType, Float64Array.of(value), []);
    case 'float16':
      return fromArray(dataType, Uint16Array.of(float16Bits(value)), []);
    case 'bfloat16':
      return fromArray(dataType, Uint16Array.of(bfloat16Bits(value)), []);
    case 'int64':
      return int64Tensor([value], []);
    case 'int32':
      return int32Tensor([value], []);
    case 'int8':
      return fromArray(dataType, Int8Array.of(value), []);
    case 'uint8':
    case 'bool':
      return fromArray(dataType, Uint8Array.of(value), []);
    default:
      throw new Error(`internal: no scalar of type ${dataType}`);
  }
}

/** The bits of the IEEE half-precision number nearest to a value, ties to even. */
export function float16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  // Halfway between the largest number, 65504, and the next power of two.
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(Math.floor(Math.log2(Math.max(size, 2 ** -24))), -14);
  // Units in the last place; subnormal numbers share the exponent -14.
  const units = roundHalfEven(size / 2 ** (exponent - 10));
  return sign | (exponent === -14 && units < 1024 ? units : ((exponent + 14) << 10) + units);
}

function bfloat16Bits(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
  if (Number.isNaN(value)) return 0x7fc0;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** Rounds to the nearest integer, halves to the even one: as IEEE 754 and onnxruntime do, unlike Math.round. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** A tensor over a typed array's bytes, without a copy. Throws if the element count does not match the shape. */
export function fromArray(
  dataType: DataType,
  array: ArrayBufferView & { length: number },
  dims: readonly number[],
): Tensor {
  if (array.length !== sizeOf(dims)) {
    throw new Error(`internal: ${array.length} elements do not fill the shape [${dims.join(', ')}]`);
  }
  return { dataType, dims, bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) };
}

/** The elements of a float32 tensor: a view where the alignment allows it, else a copy. Do not write to it. */
export function floatsOf(tensor: Tensor): Float32Array {
  if (tensor.dataType !== 'float32') throw new Error(`internal: expected float32, got ${tensor.dataType}`);
  return view(tensor.bytes, Float32Array);
}

/** The elements of an integer or bool tensor of at most 32 bits, or an int64 one, as numbers. Throws for other types. */
export function intsOf(tensor: Tensor): number[] {
  switch (tensor.dataType) {
    case 'int64':
      return Array.from(view(tensor.bytes, BigInt64Array), Number);
    case 'uint64':
      return Array.from(view(tensor.bytes, BigUint64Array), Number);
    case 'int32':
      return Array.from(view(tensor.bytes, Int32Array));
    case 'uint32':
      return Array.from(view(tensor.bytes, Uint32Array));
    case 'int16':
      return Array.from(view(tensor.bytes, Int16Array));
    case 'uint16':
      return Array.from(view(tensor.bytes, Uint16Array));
    case 'int8':
      return Array.from(view(tensor.bytes, Int8Array));
    case 'uint8':
    case 'bool':
      return Array.from(tensor.bytes);
    default:
      throw new Error(`internal: expected an integer tensor, got ${tensor.dataType}`);
  }
}

interface TypedArrayConstructor<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

function view<T>(bytes: Uint8Array, type: TypedArrayConstructor<T>): T {
  const size = type.BYTES_PER_ELEMENT;
  const source = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new type(source.buffer, source.byteOffset, Math.floor(bytes.byteLength / size));
}

const BITS: Record<DataType, number> = {
  float32: 32,
  float64: 64,
  float16: 16,
  bfloat16: 16,
  int8: 8,
  int16: 16,
  int32: 32,
  int64: 64,
  uint8: 8,
  uint16: 16,
  uint32: 32,
  uint64: 64,
  int4: 4,
  uint4: 4,
  int2: 2,
  uint2: 2,
  float8e4m3fn: 8,
  float8e4m3fnuz: 8,
  float8e5m2: 8,
  float8e5m2fnuz: 8,
  float8e8m0: 8,
  float4e2m1: 4,
  complex64: 64,
  complex128: 128,
  bool: 8,
  string: 0,
  undefined: 0,
};
