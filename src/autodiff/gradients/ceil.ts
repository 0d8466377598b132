import { defineGradient } from '../rule.js';

/** A step function: the gradient is zero. */
export const ceilGradient = defineGradient({
  opType: 'Ceil',
  inputs: ['X'],
  outputs: ['Y'],
  gradient: () => ({ X: null }),
});
