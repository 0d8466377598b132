import { mul, sub } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d σ(x) = σ(x) · (1 − σ(x)). */
export const sigmoidGradient = defineGradient({
  opType: 'Sigmoid',
  inputs: ['X'],
  outputs: ['Y'],
  gradient: ({ b, Y, dY }) => ({ X: mul(b, dY, mul(b, Y, sub(b, b.scalar(1), Y))) }),
});
