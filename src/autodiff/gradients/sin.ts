import { mul } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d sin(x) = cos(x). */
export const sinGradient = defineGradient({
  opType: 'Sin',
  inputs: ['input'],
  outputs: ['output'],
  gradient: ({ b, input, dOutput }) => ({ input: mul(b, b.op('Cos', [input]), dOutput) }),
});
