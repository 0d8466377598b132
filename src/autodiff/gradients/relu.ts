import { mul, step } from '../emit.js';
import { defineGradient } from '../rule.js';

/** dY where Y > 0, and 0 at 0. */
export const reluGradient = defineGradient({
  opType: 'Relu',
  inputs: ['X'],
  outputs: ['Y'],
  narrow: true,
  gradient: ({ b, Y, dY, masks }) => ({ X: masks.isMasked(dY, Y) ? dY : mul(b, step(b, Y), dY) }),
});
