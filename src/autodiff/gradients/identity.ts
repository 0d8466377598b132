import { defineGradient } from '../rule.js';

/** The gradient passes unchanged. */
export const identityGradient = defineGradient({
  opType: 'Identity',
  inputs: ['input'],
  outputs: ['output'],
  gradient: ({ dOutput }) => ({ input: dOutput }),
});
