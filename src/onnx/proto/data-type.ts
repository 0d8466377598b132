import type { DataType } from '../ir.js';

/** DataType by the number of TensorProto.DataType. */
const BY_NUMBER: readonly DataType[] = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
];

const NUMBERS = new Map(BY_NUMBER.map((dataType, number) => [dataType, number]));

/** The type with this number in onnx.proto, or undefined for a number that the specification does not have. */
export function dataTypeOf(number: number): DataType | undefined {
  return BY_NUMBER[number];
}

/** The number of a type in onnx.proto. */
export function dataTypeNumber(dataType: DataType): number {
  return NUMBERS.get(dataType) ?? 0;
}
