import { defineGradient } from '../rule.js';

/** dX = −dY. */
export const negGradient = defineGradient({
  opType: 'Neg',
  inputs: ['X'],
  outputs: ['Y'],
  gradient: ({ b, dY }) => ({ X: b.op('Neg', [dY]) }),
});
