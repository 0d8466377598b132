import { dimsOf, reshape } from '../emit.js';
import { defineGradient } from '../rule.js';

/** The gradient in the input’s shape. */
export const unsqueezeGradient = defineGradient({
  opType: 'Unsqueeze',
  inputs: ['data', 'axes'],
  outputs: ['expanded'],
  gradient: ({ b, data, dExpanded }) => ({ data: reshape(b, dExpanded, dimsOf(data)), axes: null }),
});
