import { dimsOf } from '../emit.js';
import { defineGradient } from '../rule.js';
import { sumTo } from '../sum-to.js';

/** d(a − b) = da − db. */
export const subGradient = defineGradient({
  opType: 'Sub',
  inputs: ['A', 'B'],
  outputs: ['C'],
  broadcasts: true,
  narrow: true,
  gradient: ({ b, A, B, C, dC, wants }) => ({
    A: wants.A ? sumTo(b, dC, dimsOf(A), dimsOf(C)) : null,
    B: wants.B ? b.op('Neg', [sumTo(b, dC, dimsOf(B), dimsOf(C))]) : null,
  }),
});
