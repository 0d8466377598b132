import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { dimsOf, filled } from '../emit.js';

/** slope · x + offset, both [C] and applied along axis 1: in one pass, which Mul and Add would not be. */
export function channelAffine(b: GraphBuilder, x: Value, slope: Value, offset: Value | null): Value {
  const channels = dimsOf(slope);
  const zero = filled(b, channels, 0);
  return b.op('BatchNormalization', [x, slope, offset ?? zero, zero, filled(b, channels, 1)], NO_EPSILON);
}

/** (x − mean) / √(variance + epsilon) along axis 1. */
export function channelNormalize(
  b: GraphBuilder,
  x: Value,
  statistics: { readonly mean: Value; readonly variance: Value; readonly epsilon: number },
): Value {
  const { mean, variance, epsilon } = statistics;
  const channels = dimsOf(mean);
  return b.op('BatchNormalization', [x, filled(b, channels, 1), filled(b, channels, 0), mean, variance], {
    epsilon: { type: 'float', value: epsilon },
  });
}

const NO_EPSILON = { epsilon: { type: 'float', value: 0 } } as const;
