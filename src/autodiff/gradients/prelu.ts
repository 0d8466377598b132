import { mul } from '../emit.js';
import { defineGradient } from '../rule.js';

/** Below 0 the line is slope · x: dx = slope · dY, dslope = x · dY. */
export const preluGradient = defineGradient({
  opType: 'PRelu',
  inputs: ['X', 'slope'],
  outputs: ['Y'],
  broadcasts: true,
  gradient({ b, X, slope, dY, wants }) {
    const isPositive = b.op('Greater', [X, b.scalar(0)]);
    return {
      X: wants.X ? b.op('Where', [isPositive, dY, mul(b, slope, dY)]) : null,
      slope: wants.slope ? b.op('Where', [isPositive, b.scalar(0), mul(b, X, dY)]) : null,
    };
  },
});
