import { defineGradient } from '../rule.js';

/** d(a − b) = da − db. */
export const subGradient = defineGradient({
  opType: 'Sub',
  inputs: ['A', 'B'],
  outputs: ['C'],
  broadcasts: true,
  gradient: ({ b, dC, wants }) => ({ A: dC, B: wants.B ? b.op('Neg', [dC]) : null }),
});
