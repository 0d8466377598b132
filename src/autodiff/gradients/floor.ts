import { defineGradient } from '../rule.js';

/** A step function: the gradient is zero. */
export const floorGradient = defineGradient({
  opType: 'Floor',
  inputs: ['X'],
  outputs: ['Y'],
  gradient: () => ({ X: null }),
});
