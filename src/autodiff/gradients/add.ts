import { dimsOf } from '../emit.js';
import { defineGradient } from '../rule.js';
import { sumTo } from '../sum-to.js';

/** Both inputs receive dC. */
export const addGradient = defineGradient({
  opType: 'Add',
  inputs: ['A', 'B'],
  outputs: ['C'],
  broadcasts: true,
  narrow: true,
  gradient: ({ b, A, B, C, dC, wants }) => ({
    A: wants.A ? sumTo(b, dC, dimsOf(A), dimsOf(C)) : null,
    B: wants.B ? sumTo(b, dC, dimsOf(B), dimsOf(C)) : null,
  }),
});
