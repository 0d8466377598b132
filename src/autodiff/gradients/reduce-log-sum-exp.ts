import { mul, reshape, sub } from '../emit.js';
import { keptShape, reducedAxes } from '../reduction.js';
import { defineGradient } from '../rule.js';

/** d ln Σ eˣ = eˣ / Σ eˣ. */
export const reduceLogSumExpGradient = defineGradient({
  opType: 'ReduceLogSumExp',
  inputs: ['data', 'axes?'],
  outputs: ['reduced'],
  gradient({ b, node, data, axes, reduced, dReduced }) {
    const kept = keptShape(data, reducedAxes(b, node, data, axes));
    const weights = b.op('Exp', [sub(b, data, reshape(b, reduced, kept))]);
    return { data: mul(b, weights, reshape(b, dReduced, kept)), axes: null };
  },
});
