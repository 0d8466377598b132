import { reshape } from '../emit.js';
import { spreadToExtremes } from '../lowerings/spread-to-extremes.js';
import { keptShape, reducedAxes } from '../reduction.js';
import { defineGradient } from '../rule.js';

/** The gradient goes to the smallest element, in equal shares where several are. */
export const reduceMinGradient = defineGradient({
  opType: 'ReduceMin',
  inputs: ['data', 'axes?'],
  outputs: ['reduced'],
  gradient({ b, node, data, axes, reduced, dReduced }) {
    const over = reducedAxes(b, node, data, axes);
    const kept = keptShape(data, over);
    const problem = { x: data, y: reshape(b, reduced, kept), dy: reshape(b, dReduced, kept), axes: over };
    return { data: spreadToExtremes(b, problem), axes: null };
  },
});
