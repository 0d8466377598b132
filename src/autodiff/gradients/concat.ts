import { intAttribute } from '../../onnx/ir.js';
import { dimsOf, slice } from '../emit.js';
import { defineGradient } from '../rule.js';

/** Every input receives its own part of the gradient. */
export const concatGradient = defineGradient({
  opType: 'Concat',
  inputs: ['...inputs'],
  outputs: ['concat_result'],
  gradient({ b, node, inputs, wants, dConcat_result }) {
    const rank = dimsOf(dConcat_result).length;
    const axis = (intAttribute(node, 'axis', 0) + rank) % rank;
    let end = 0;
    return {
      inputs: inputs.map((input, index) => {
        const start = end;
        end += dimsOf(input)[axis]!;
        return wants.inputs[index] ? slice(b, dConcat_result, [{ axis, start, end }]) : null;
      }),
    };
  },
});
