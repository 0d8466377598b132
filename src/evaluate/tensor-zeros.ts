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
 * Tensors packed in a way that `count` does not agree with the shape (MatMulNBits) have none that can be told.
 */
export function zeroCount(tensor: Tensor, count: number, zeroPoint: ZeroPoint): number {
  if (count !== elementCount(tensor)) return 0;
  if (isFloat(tensor.dataType)) return floatZeros(tensor);
  const points = zeroPoint.values === null ? [0] : quantizedValues(zeroPoint.values);
  const isUniform = points.every((point) => point === points[0]);
  // Blocked zero points (opset 21) that differ from each other are not told apart here: all elements count as nonzero.
  if (!isUniform && zeroPoint.values?.dims.length !== 1) return 0;
  const axis = zeroPoint.axis < 0 ? zeroPoint.axis + tensor.dims.length : zeroPoint.axis;
  const inner = sizeOf(tensor.dims.slice(axis + 1));
  let zeros = 0;
  quantizedValues(tensor).forEach((value, i) => {
    if (value === (isUniform ? points[0] : points[Math.floor(i / inner) % points.length])) zeros++;
  });
  return zeros;
}

const FLOAT_BYTES: Partial<Record<DataType, number>> = { float64: 8, float32: 4, float16: 2, bfloat16: 2 };

function isFloat(dataType: DataType): boolean {
  return FLOAT_BYTES[dataType] !== undefined;
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

/** Integers of a quantized tensor; int4 and uint4 are two to a byte, the low half first. */
function quantizedValues(tensor: Tensor): number[] {
  if (tensor.dataType !== 'int4' && tensor.dataType !== 'uint4') return intsOf(tensor);
  const values: number[] = [];
  const count = sizeOf(tensor.dims);
  for (let i = 0; i < count; i++) {
    const nibble = (tensor.bytes[i >> 1]! >> ((i & 1) * 4)) & 0xf;
    values.push(tensor.dataType === 'int4' && nibble > 7 ? nibble - 16 : nibble);
  }
  return values;
}
