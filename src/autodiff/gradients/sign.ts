import { defineGradient } from '../rule.js';

/** A step function: the gradient is zero. */
export const signGradient = defineGradient({
  opType: 'Sign',
  inputs: ['input'],
  outputs: ['output'],
  gradient: () => ({ input: null }),
});
