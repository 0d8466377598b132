import { mul } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d (1 / x) = −1 / x². */
export const reciprocalGradient = defineGradient({
  opType: 'Reciprocal',
  inputs: ['X'],
  outputs: ['Y'],
  gradient: ({ b, Y, dY }) => ({ X: b.op('Neg', [mul(b, dY, mul(b, Y, Y))]) }),
});
