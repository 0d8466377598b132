import { mul } from '../emit.js';
import { defineGradient } from '../rule.js';

/** dX = sign(X) · dY, 0 at 0. */
export const absGradient = defineGradient({
  opType: 'Abs',
  inputs: ['X'],
  outputs: ['Y'],
  gradient: ({ b, X, dY }) => ({ X: mul(b, b.op('Sign', [X]), dY) }),
});
