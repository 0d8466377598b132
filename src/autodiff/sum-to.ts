import type { GraphBuilder, Value } from '../onnx/builder.js';
import { dimsOf, reduceSum, reshape } from './emit.js';

/** True if a tensor of shape `from` broadcasts to `to`. */
export function broadcastsTo(from: readonly number[], to: readonly number[]): boolean {
  const lead = to.length - from.length;
  return lead >= 0 && from.every((dim, axis) => dim === to[axis + lead] || dim === 1);
}

/** The gradient of a tensor of shape `dims` from the gradient of what it was broadcast to: copies add up. */
export function sumTo(b: GraphBuilder, gradient: Value, dims: readonly number[]): Value {
  const wide = dimsOf(gradient);
  const lead = wide.length - dims.length;
  const axes = wide.flatMap((dim, axis) => (axis < lead || (dims[axis - lead] === 1 && dim !== 1) ? [axis] : []));
  return reshape(b, reduceSum(b, gradient, axes), dims);
}
