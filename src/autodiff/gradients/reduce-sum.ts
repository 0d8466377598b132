import { dimsOf, reshape } from '../emit.js';
import { keptShape, reducedAxes } from '../reduction.js';
import { defineGradient } from '../rule.js';

/** Every summand receives the gradient of its sum. */
export const reduceSumGradient = defineGradient({
  opType: 'ReduceSum',
  inputs: ['data', 'axes?'],
  outputs: ['reduced'],
  gradient({ b, node, data, axes, dReduced }) {
    const kept = keptShape(data, reducedAxes(b, node, data, axes));
    return { data: b.op('Expand', [reshape(b, dReduced, kept), b.ints(dimsOf(data))]), axes: null };
  },
});
