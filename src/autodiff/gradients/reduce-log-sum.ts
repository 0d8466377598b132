import { dimsOf, div, reshape } from '../emit.js';
import { keptShape, reducedAxes } from '../reduction.js';
import { defineGradient } from '../rule.js';

/** d ln Σ x = 1 / Σ x, and Σ x is e to the result. */
export const reduceLogSumGradient = defineGradient({
  opType: 'ReduceLogSum',
  inputs: ['data', 'axes?'],
  outputs: ['reduced'],
  gradient({ b, node, data, axes, reduced, dReduced }) {
    const kept = keptShape(data, reducedAxes(b, node, data, axes));
    const share = reshape(b, div(b, dReduced, b.op('Exp', [reduced])), kept);
    return { data: b.op('Expand', [share, b.ints(dimsOf(data))]), axes: null };
  },
});
