import { mul } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d exp(x) = exp(x). */
export const expGradient = defineGradient({
  opType: 'Exp',
  inputs: ['input'],
  outputs: ['output'],
  gradient: ({ b, output, dOutput }) => ({ input: mul(b, output, dOutput) }),
});
