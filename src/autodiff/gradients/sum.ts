import { defineGradient } from '../rule.js';

/** Every input receives the gradient of the sum. */
export const sumGradient = defineGradient({
  opType: 'Sum',
  inputs: ['...data_0'],
  outputs: ['sum'],
  broadcasts: true,
  gradient: ({ data_0, dSum }) => ({ data_0: data_0.map(() => dSum) }),
});
