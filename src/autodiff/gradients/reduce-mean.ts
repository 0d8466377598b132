import { sizeOf } from '../../onnx/tensor.js';
import { dimsOf, reshape, scale } from '../emit.js';
import { keptShape, reducedAxes } from '../reduction.js';
import { defineGradient } from '../rule.js';

/** Every one of the n elements receives 1/n of the gradient. */
export const reduceMeanGradient = defineGradient({
  opType: 'ReduceMean',
  inputs: ['data', 'axes?'],
  outputs: ['reduced'],
  gradient({ b, node, data, axes, dReduced }) {
    const over = reducedAxes(b, node, data, axes);
    const count = sizeOf(over.map((axis) => dimsOf(data)[axis]!));
    const share = reshape(b, scale(b, dReduced, 1 / count), keptShape(data, over));
    return { data: b.op('Expand', [share, b.ints(dimsOf(data))]), axes: null };
  },
});
