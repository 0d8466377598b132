import { div, mul } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d(a / b) = da / b − (a / b) · db / b. */
export const divGradient = defineGradient({
  opType: 'Div',
  inputs: ['A', 'B'],
  outputs: ['C'],
  broadcasts: true,
  gradient: ({ b, B, C, dC, wants }) => ({
    A: wants.A ? div(b, dC, B) : null,
    B: wants.B ? b.op('Neg', [mul(b, dC, div(b, C, B))]) : null,
  }),
});
