import { keptGradient, reducedAxes } from '../reduction.js';
import { defineGradient } from '../rule.js';

/** Every summand receives the gradient of its sum. */
export const reduceSumGradient = defineGradient({
  opType: 'ReduceSum',
  inputs: ['data', 'axes?'],
  outputs: ['reduced'],
  narrow: true,
  gradient: ({ b, node, data, axes, dReduced }) => ({
    data: keptGradient(b, dReduced, { data, axes: reducedAxes(b, node, data, axes) }),
    axes: null,
  }),
});
