import { dimsOf, reshape } from '../emit.js';
import { defineGradient } from '../rule.js';

/** The gradient in the input’s shape. */
export const reshapeGradient = defineGradient({
  opType: 'Reshape',
  inputs: ['data', 'shape'],
  outputs: ['reshaped'],
  gradient: ({ b, data, dReshaped }) => ({ data: reshape(b, dReshaped, dimsOf(data)), shape: null }),
});
