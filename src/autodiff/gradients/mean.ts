import { scale } from '../emit.js';
import { defineGradient } from '../rule.js';

/** Every one of the n inputs receives 1/n of the gradient. */
export const meanGradient = defineGradient({
  opType: 'Mean',
  inputs: ['...data_0'],
  outputs: ['mean'],
  broadcasts: true,
  gradient({ b, data_0, dMean }) {
    const share = scale(b, dMean, 1 / data_0.length);
    return { data_0: data_0.map(() => share) };
  },
});
