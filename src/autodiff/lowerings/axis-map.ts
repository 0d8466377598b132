import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { floatTensor, sizeOf } from '../../onnx/tensor.js';
import { dimsOf, matMul, reshape } from '../emit.js';

/** A linear map along one axis: `rows[out][in]` are its constant weights. */
export interface AxisMap {
  readonly axis: number;
  readonly rows: readonly (readonly number[])[];
}

/**
 * The transposed maps applied to dy, last axis first: the gradient of any operator that is a linear map along each of
 * its axes (average pooling, resizing, padding with repeated elements).
 * Each is a product with a constant matrix: [..., out] · M along the last axis, Mᵀ · [..., out, rest] along others.
 */
export function applyTransposed(b: GraphBuilder, dy: Value, maps: readonly AxisMap[]): Value {
  return [...maps].sort((x, y) => y.axis - x.axis).reduce((value, map) => applyOne(b, value, map), dy);
}

function applyOne(b: GraphBuilder, value: Value, { axis, rows }: AxisMap): Value {
  const dims = dimsOf(value);
  const from = rows.length;
  const to = rows[0]!.length;
  const before = dims.slice(0, axis);
  const rest = sizeOf(dims.slice(axis + 1));
  const result = [...before, to, ...dims.slice(axis + 1)];
  if (rest === 1) {
    const matrix = b.constant(floatTensor(rows.flat(), [from, to]), `map:${JSON.stringify(rows)}`);
    return reshape(b, matMul(b, reshape(b, value, [sizeOf(before), from]), matrix), result);
  }
  const transposed = rows[0]!.flatMap((_, column) => rows.map((row) => row[column]!));
  const matrix = b.constant(floatTensor(transposed, [to, from]), `mapT:${JSON.stringify(rows)}`);
  return reshape(b, matMul(b, matrix, reshape(b, value, [sizeOf(before), from, rest])), result);
}
