import { reduceSum } from '../emit.js';
import { defineGradient } from '../rule.js';

/** dY where the input was within the limits (where input and output agree); a limit receives what was cut off at it. */
export const clipGradient = defineGradient({
  opType: 'Clip',
  inputs: ['input', 'min?', 'max?'],
  outputs: ['output'],
  gradient({ b, input, min, max, output, dOutput, wants }) {
    const zero = b.scalar(0);
    const axes = (input.shape ?? []).map((_, axis) => axis);
    const cut = (comparison: 'Less' | 'Greater', limit: typeof min) =>
      limit === null ? null : reduceSum(b, b.op('Where', [b.op(comparison, [input, limit]), dOutput, zero]), axes);
    return {
      input: wants.input ? b.op('Where', [b.op('Equal', [input, output]), dOutput, zero]) : null,
      min: wants.min ? cut('Less', min) : null,
      max: wants.max ? cut('Greater', max) : null,
    };
  },
});
