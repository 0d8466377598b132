import { mul, sub } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d x / (1 + |x|) = (1 − |x / (1 + |x|)|)². */
export const softsignGradient = defineGradient({
  opType: 'Softsign',
  inputs: ['input'],
  outputs: ['output'],
  gradient({ b, output, dOutput }) {
    const root = sub(b, b.scalar(1), b.op('Abs', [output]));
    return { input: mul(b, dOutput, mul(b, root, root)) };
  },
});
