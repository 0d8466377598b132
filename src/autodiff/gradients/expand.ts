import { defineGradient } from '../rule.js';

/** Copies add up: the engine sums the broadcast axes. */
export const expandGradient = defineGradient({
  opType: 'Expand',
  inputs: ['input', 'shape'],
  outputs: ['output'],
  broadcasts: true,
  gradient: ({ dOutput }) => ({ input: dOutput, shape: null }),
});
