import { div, scale } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d √x = 1 / (2√x). */
export const sqrtGradient = defineGradient({
  opType: 'Sqrt',
  inputs: ['X'],
  outputs: ['Y'],
  gradient: ({ b, Y, dY }) => ({ X: scale(b, div(b, dY, Y), 0.5) }),
});
