import { defineGradient } from '../rule.js';

/** The gradient passes unchanged; only casts from float32 to float32 are on a path, every other type ends it. */
export const castGradient = defineGradient({
  opType: 'Cast',
  inputs: ['input'],
  outputs: ['output'],
  gradient: ({ dOutput }) => ({ input: dOutput }),
});
