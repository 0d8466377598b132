import { sizeOf } from '../../onnx/tensor.js';
import { dimsOf, scale } from '../emit.js';
import { keptGradient, reducedAxes } from '../reduction.js';
import { defineGradient } from '../rule.js';

/** Every one of the n elements receives 1/n of the gradient. */
export const reduceMeanGradient = defineGradient({
  opType: 'ReduceMean',
  inputs: ['data', 'axes?'],
  outputs: ['reduced'],
  narrow: true,
  gradient({ b, node, data, axes, dReduced }) {
    const over = reducedAxes(b, node, data, axes);
    const count = sizeOf(over.map((axis) => dimsOf(data)[axis]!));
    return { data: keptGradient(b, scale(b, dReduced, 1 / count), { data, axes: over }), axes: null };
  },
});
