import { add, mul, scale, step } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d x · clip(x/6 + 1/2, 0, 1): 0 below −3, 1 above 3, x/3 + 1/2 between. */
export const hardSwishGradient = defineGradient({
  opType: 'HardSwish',
  inputs: ['X'],
  outputs: ['Y'],
  gradient({ b, X, dY }) {
    const isInside = b.op('Less', [b.op('Abs', [X]), b.scalar(3)]);
    const line = add(b, scale(b, X, 1 / 3), b.scalar(0.5));
    return { X: mul(b, dY, b.op('Where', [isInside, line, step(b, X)])) };
  },
});
