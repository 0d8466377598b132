import type { DataType, Tensor } from '../onnx/ir.js';
import { intsOf, sizeOf } from '../onnx/tensor.js';

export interface ZeroPoint {
  /** A scalar, or one value per index of the axis; null: zero. */
  readonly values: Tensor | null;
  readonly axis: number;
}

/** Number of elements of a tensor. */
export function elementCount(tensor: Tensor): number {
  return sizeOf(tensor.dims);
}

/**
 * Elements that stand for zero: ±0 of a float tensor, the zero point of a quantized one.
 * None can be told in tensors of other types (float8, text), and in those packed in a way that `count` does not agree with the
 * shape (MatMulNBits).
 */
export function zeroCount(tensor: Tensor, count: number, zeroPoint: ZeroPoint): number {
  if (count !== elementCount(tensor)) return 0;
  if (isFloat(tensor.dataType)) return floatZeros(tensor);
  if (![tensor, zeroPoint.values ?? tensor].every(({ dataType }) => isInteger(dataType))) return 0;
  const points = zeroPoint.values === null ? [0] : quantizedValues(zeroPoint.values);
  const isUniform = points.every((point) => point === points[0]);
  // Blocked zero points (opset 21) that differ from each other are not told apart here: all elements count as nonzero.
  if (!isUniform && zeroPoint.values?.dims.length !== 1) return 0;
  const axis = zeroPoint.axis < 0 ? zeroPoint.axis + tensor.dims.length : zeroPoint.axis;
  const inner = sizeOf(tensor.dims.slice(axis + 1));
  const valueAt = reader(tensor);
  let zeros = 0;
  for (let i = 0; i < count; i++) {
    if (valueAt(i) === (isUniform ? points[0] : points[Math.floor(i / inner) % points.length])) zeros++;
  }
  return zeros;
}

const FLOAT_BYTES: Partial<Record<DataType, number>> = { float64: 8, float32: 4, float16: 2, bfloat16: 2 };

function isFloat(dataType: DataType): boolean {
  return FLOAT_BYTES[dataType] !== undefined;
}

function isInteger(dataType: DataType): boolean {
  return /^u?int(?:4|8|16|32|64)$/.test(dataType);
}

/** Counts elements whose bytes are all zero but for the sign, the highest bit of the last byte. */
function floatZeros(tensor: Tensor): number {
  const { bytes } = tensor;
  const size = FLOAT_BYTES[tensor.dataType]!;
  let zeros = 0;
  for (let start = 0; start < bytes.length; start += size) {
    let bits = bytes[start + size - 1]! & 0x7f;
    for (let i = start; i < start + size - 1; i++) bits |= bytes[i]!;
    if (bits === 0) zeros++;
  }
  return zeros;
}

function quantizedValues(tensor: Tensor): number[] {
  const valueAt = reader(tensor);
  return Array.from({ length: elementCount(tensor) }, (_, i) => valueAt(i));
}

/** Reads integers of a tensor one by one: large ones as an array of numbers would take eight times their memory. */
function reader(tensor: Tensor): (index: number) => number {
  const { bytes, dataType } = tensor;
  switch (dataType) {
    case 'uint8':
      return (i) => bytes[i]!;
    case 'int8':
      return (i) => (bytes[i]! << 24) >> 24;
    // Two to a byte, the low half first.
    case 'uint4':
      return (i) => (bytes[i >>> 1]! >> ((i & 1) * 4)) & 0xf;
    case 'int4':
      return (i) => (bytes[i >>> 1]! << (28 - (i & 1) * 4)) >> 28;
    default: {
      const values = intsOf(tensor);
      return (i) => values[i]!;
    }
  }
}
