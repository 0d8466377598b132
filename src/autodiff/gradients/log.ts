import { div } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d ln(x) = 1 / x. */
export const logGradient = defineGradient({
  opType: 'Log',
  inputs: ['input'],
  outputs: ['output'],
  gradient: ({ b, input, dOutput }) => ({ input: div(b, dOutput, input) }),
});
