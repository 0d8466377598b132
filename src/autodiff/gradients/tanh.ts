import { mul, sub } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d tanh(x) = 1 − tanh²(x). */
export const tanhGradient = defineGradient({
  opType: 'Tanh',
  inputs: ['input'],
  outputs: ['output'],
  gradient: ({ b, output, dOutput }) => ({ input: mul(b, dOutput, sub(b, b.scalar(1), mul(b, output, output))) }),
});
