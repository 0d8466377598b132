import { div, mul, reshape } from '../emit.js';
import { keptShape, reducedAxes } from '../reduction.js';
import { defineGradient } from '../rule.js';

/** d Π x = Π x / x, so no factor may be 0. */
export const reduceProdGradient = defineGradient({
  opType: 'ReduceProd',
  inputs: ['data', 'axes?'],
  outputs: ['reduced'],
  gradient({ b, node, data, axes, reduced, dReduced }) {
    const kept = keptShape(data, reducedAxes(b, node, data, axes));
    return { data: div(b, reshape(b, mul(b, dReduced, reduced), kept), data), axes: null };
  },
});
