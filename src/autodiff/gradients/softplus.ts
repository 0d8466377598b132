import { mul } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d ln(1 + eˣ) = σ(x). */
export const softplusGradient = defineGradient({
  opType: 'Softplus',
  inputs: ['X'],
  outputs: ['Y'],
  gradient: ({ b, X, dY }) => ({ X: mul(b, b.op('Sigmoid', [X]), dY) }),
});
