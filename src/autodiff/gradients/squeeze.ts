import { dimsOf, reshape } from '../emit.js';
import { defineGradient } from '../rule.js';

/** The gradient in the input’s shape. */
export const squeezeGradient = defineGradient({
  opType: 'Squeeze',
  inputs: ['data', 'axes?'],
  outputs: ['squeezed'],
  gradient: ({ b, data, dSqueezed }) => ({ data: reshape(b, dSqueezed, dimsOf(data)), axes: null }),
});
