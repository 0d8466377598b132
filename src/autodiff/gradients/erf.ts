import { mul, scale } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d erf(x) = 2/√π · exp(−x²). */
export const erfGradient = defineGradient({
  opType: 'Erf',
  inputs: ['input'],
  outputs: ['output'],
  gradient({ b, input, dOutput }) {
    const bell = b.op('Exp', [b.op('Neg', [mul(b, input, input)])]);
    return { input: scale(b, mul(b, dOutput, bell), 2 / Math.sqrt(Math.PI)) };
  },
});
