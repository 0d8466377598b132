import { add, mul, sub } from '../emit.js';
import { defineGradient } from '../rule.js';

/** y = x · tanh(s), s = ln(1 + eˣ): y′ = tanh(s) + x · (1 − tanh²(s)) · σ(x). */
export const mishGradient = defineGradient({
  opType: 'Mish',
  inputs: ['X'],
  outputs: ['Y'],
  gradient({ b, X, dY }) {
    // tanh(ln(1 + u)) = ((1 + u)² − 1) / ((1 + u)² + 1), and 1 / (1 + u) = σ(−x).
    const left = b.op('Sigmoid', [b.op('Neg', [X])]);
    const square = mul(b, left, left);
    const t = b.op('Div', [sub(b, b.scalar(1), square), add(b, b.scalar(1), square)]);
    const bend = mul(b, sub(b, b.scalar(1), mul(b, t, t)), b.op('Sigmoid', [X]));
    return { X: mul(b, dY, add(b, t, mul(b, X, bend))) };
  },
});
