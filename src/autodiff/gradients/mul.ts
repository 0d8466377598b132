import { dimsOf, mul } from '../emit.js';
import { defineGradient } from '../rule.js';
import { sumTo } from '../sum-to.js';

/** d(a · b) = b · da + a · db. */
export const mulGradient = defineGradient({
  opType: 'Mul',
  inputs: ['A', 'B'],
  outputs: ['C'],
  broadcasts: true,
  narrow: true,
  gradient: ({ b, A, B, C, dC, wants }) => ({
    A: wants.A ? sumTo(b, mul(b, dC, B), dimsOf(A), dimsOf(C)) : null,
    B: wants.B ? sumTo(b, mul(b, dC, A), dimsOf(B), dimsOf(C)) : null,
  }),
});
