import { defineGradient } from '../rule.js';

/** A step function: the gradient is zero (the straight-through form is QuantizeLinear). */
export const roundGradient = defineGradient({
  opType: 'Round',
  inputs: ['X'],
  outputs: ['Y'],
  gradient: () => ({ X: null }),
});
