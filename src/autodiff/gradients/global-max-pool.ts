import { dimsOf } from '../emit.js';
import { spreadToExtremes } from '../lowerings/spread-to-extremes.js';
import { defineGradient } from '../rule.js';

/** The gradient goes to the largest element of every channel, in equal shares where several are largest. */
export const globalMaxPoolGradient = defineGradient({
  opType: 'GlobalMaxPool',
  inputs: ['X'],
  outputs: ['Y'],
  gradient: ({ b, X, Y, dY }) => ({
    X: spreadToExtremes(b, {
      x: X,
      y: Y,
      dy: dY,
      axes: dimsOf(X)
        .slice(2)
        .map((_, index) => index + 2),
    }),
  }),
});
