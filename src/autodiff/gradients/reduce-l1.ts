import { mul, reshape } from '../emit.js';
import { keptShape, reducedAxes } from '../reduction.js';
import { defineGradient } from '../rule.js';

/** d Σ |x| = sign(x). */
export const reduceL1Gradient = defineGradient({
  opType: 'ReduceL1',
  inputs: ['data', 'axes?'],
  outputs: ['reduced'],
  gradient({ b, node, data, axes, dReduced }) {
    const kept = keptShape(data, reducedAxes(b, node, data, axes));
    return { data: mul(b, b.op('Sign', [data]), reshape(b, dReduced, kept)), axes: null };
  },
});
