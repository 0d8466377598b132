import type { GraphBuilder, Value } from '../onnx/builder.js';
import { sizeOf } from '../onnx/tensor.js';
import { dimsOf, reduceSum, reshape, scale } from './emit.js';

/** True if a tensor of shape `from` broadcasts to `to`. */
export function broadcastsTo(from: readonly number[], to: readonly number[]): boolean {
  const lead = to.length - from.length;
  return lead >= 0 && from.every((dim, axis) => dim === to[axis + lead] || dim === 1);
}

/**
 * The gradient of a tensor of shape `dims` from the gradient of what it was broadcast to: copies add up.
 * @param wide the shape it was broadcast to, where the gradient is narrow in it; then the result may be narrow in `dims`
 */
export function sumTo(
  b: GraphBuilder,
  gradient: Value,
  dims: readonly number[],
  wide: readonly number[] = dimsOf(gradient),
): Value {
  const got = dimsOf(gradient);
  const lead = wide.length - dims.length;
  const isSummed = (axis: number) => axis < lead || (dims[axis - lead] === 1 && wide[axis] !== 1);
  const axes = wide.flatMap((dim, axis) => (isSummed(axis) && (got[axis] !== 1 || dim === 1) ? [axis] : []));
  const copies = sizeOf(wide.filter((_, axis) => isSummed(axis) && got[axis] === 1));
  const isNarrow = (axis: number) => !isSummed(axis) && got[axis] === 1 && wide[axis] !== 1;
  const rest = dims.map((dim, axis) => (isNarrow(axis + lead) ? 1 : dim));
  return scale(b, reshape(b, reduceSum(b, gradient, axes), rest), copies);
}
