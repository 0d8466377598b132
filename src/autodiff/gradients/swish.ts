import { floatAttribute } from '../../onnx/ir.js';
import { add, mul, scale, sub } from '../emit.js';
import { defineGradient } from '../rule.js';

/** y = x · s with s = σ(alpha · x): y′ = s + alpha · y · (1 − s). */
export const swishGradient = defineGradient({
  opType: 'Swish',
  inputs: ['X'],
  outputs: ['Y'],
  gradient({ b, node, X, Y, dY }) {
    const alpha = floatAttribute(node, 'alpha', 1);
    const s = b.op('Sigmoid', [scale(b, X, alpha)]);
    return { X: mul(b, dY, add(b, s, mul(b, scale(b, Y, alpha), sub(b, b.scalar(1), s)))) };
  },
});
