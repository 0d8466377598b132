import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { sizeOf } from '../../onnx/tensor.js';
import { dimsOf, mul, reduceSum, scale, sub } from '../emit.js';

export interface Normalized {
  /** (x − mean) / deviation over the axes. */
  readonly normal: Value;
  /** 1 / deviation, with the axes kept as 1. */
  readonly inverse: Value;
  readonly axes: readonly number[];
}

/** x̂ and 1/σ over some axes, with the two-pass variance: the one-pass form loses too many digits. */
export function normalize(b: GraphBuilder, x: Value, axes: readonly number[], epsilon: number): Normalized {
  const count = sizeOf(axes.map((axis) => dimsOf(x)[axis]!));
  const centered = sub(b, x, scale(b, reduceSum(b, x, axes, true), 1 / count));
  const variance = scale(b, reduceSum(b, mul(b, centered, centered), axes, true), 1 / count);
  const deviation = b.op('Sqrt', [b.op('Add', [variance, b.scalar(epsilon)])]);
  const inverse = b.op('Reciprocal', [deviation]);
  return { normal: mul(b, centered, inverse), inverse, axes };
}

/** dx = 1/σ · (d − mean(d) − x̂ · mean(d · x̂)), where d is the gradient of x̂. Source: Ba et al. 2016, "Layer normalization". */
export function normalizedGradient(b: GraphBuilder, { normal, inverse, axes }: Normalized, d: Value): Value {
  const count = sizeOf(axes.map((axis) => dimsOf(normal)[axis]!));
  const mean = scale(b, reduceSum(b, d, axes, true), 1 / count);
  const slope = scale(b, reduceSum(b, mul(b, d, normal), axes, true), 1 / count);
  return mul(b, inverse, sub(b, sub(b, d, mean), mul(b, normal, slope)));
}
