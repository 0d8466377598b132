import { intsAttribute } from '../../onnx/ir.js';
import { dimsOf, transpose as permute } from '../emit.js';
import { defineGradient } from '../rule.js';

/** The inverse permutation. */
export const transposeGradient = defineGradient({
  opType: 'Transpose',
  inputs: ['data'],
  outputs: ['transposed'],
  gradient({ b, node, data, dTransposed }) {
    const axes = dimsOf(data).map((_, axis) => axis);
    const perm = intsAttribute(node, 'perm') ?? [...axes].reverse();
    return {
      data: permute(
        b,
        dTransposed,
        axes.map((axis) => perm.indexOf(axis)),
      ),
    };
  },
});
