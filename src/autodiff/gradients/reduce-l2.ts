import { div, mul, reshape } from '../emit.js';
import { keptShape, reducedAxes } from '../reduction.js';
import { defineGradient } from '../rule.js';

/** d √(Σ x²) = x / √(Σ x²), and 0 for a vector of zeros. */
export const reduceL2Gradient = defineGradient({
  opType: 'ReduceL2',
  inputs: ['data', 'axes?'],
  outputs: ['reduced'],
  gradient({ b, node, data, axes, reduced, dReduced }) {
    const kept = keptShape(data, reducedAxes(b, node, data, axes));
    const isZero = b.op('Equal', [reduced, b.scalar(0)]);
    const share = b.op('Where', [isZero, b.scalar(0), div(b, dReduced, reduced)]);
    return { data: mul(b, data, reshape(b, share, kept)), axes: null };
  },
});
