import { mul, reshape, scale } from '../emit.js';
import { keptShape, reducedAxes } from '../reduction.js';
import { defineGradient } from '../rule.js';

/** d Σ x² = 2 x. */
export const reduceSumSquareGradient = defineGradient({
  opType: 'ReduceSumSquare',
  inputs: ['data', 'axes?'],
  outputs: ['reduced'],
  gradient({ b, node, data, axes, dReduced }) {
    const kept = keptShape(data, reducedAxes(b, node, data, axes));
    return { data: mul(b, scale(b, data, 2), reshape(b, dReduced, kept)), axes: null };
  },
});
