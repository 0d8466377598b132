import { mul } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d cos(x) = −sin(x). */
export const cosGradient = defineGradient({
  opType: 'Cos',
  inputs: ['input'],
  outputs: ['output'],
  gradient: ({ b, input, dOutput }) => ({ input: b.op('Neg', [mul(b, b.op('Sin', [input]), dOutput)]) }),
});
