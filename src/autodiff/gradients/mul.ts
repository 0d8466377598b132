import { mul } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d(a · b) = b · da + a · db. */
export const mulGradient = defineGradient({
  opType: 'Mul',
  inputs: ['A', 'B'],
  outputs: ['C'],
  broadcasts: true,
  gradient: ({ b, A, B, dC, wants }) => ({ A: wants.A ? mul(b, dC, B) : null, B: wants.B ? mul(b, dC, A) : null }),
});
