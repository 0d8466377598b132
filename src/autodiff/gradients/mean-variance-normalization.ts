import { intsAttribute } from '../../onnx/ir.js';
import { dimsOf } from '../emit.js';
import { normalize, normalizedGradient } from '../lowerings/normalized-gradient.js';
import { defineGradient } from '../rule.js';

/** (x − mean) / deviation over the axes, by default all but the channels; the operator adds 1e-9 to the deviation. */
export const meanVarianceNormalizationGradient = defineGradient({
  opType: 'MeanVarianceNormalization',
  inputs: ['X'],
  outputs: ['Y'],
  gradient({ b, node, X, dY }) {
    const rank = dimsOf(X).length;
    const axes = (intsAttribute(node, 'axes') ?? [0, 2, 3]).map((axis) => (axis + rank) % rank);
    return { X: normalizedGradient(b, normalize(b, X, axes, 1e-18), dY) };
  },
});
