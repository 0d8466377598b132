import { dimsOf, reshape } from '../emit.js';
import { defineGradient } from '../rule.js';

/** The gradient in the input’s shape. */
export const flattenGradient = defineGradient({
  opType: 'Flatten',
  inputs: ['input'],
  outputs: ['output'],
  gradient: ({ b, input, dOutput }) => ({ input: reshape(b, dOutput, dimsOf(input)) }),
});
