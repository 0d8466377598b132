import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { stringAttribute } from '../../onnx/ir.js';
import { add, mul, scale, sub } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d x · Φ(x) = Φ(x) + x · φ(x), or the derivative of the tanh form where `approximate` asks for it. */
export const geluGradient = defineGradient({
  opType: 'Gelu',
  inputs: ['X'],
  outputs: ['Y'],
  narrow: true,
  gradient: ({ b, node, X, dY }) => ({
    X: mul(b, dY, stringAttribute(node, 'approximate', 'none') === 'tanh' ? slopeByTanh(b, X) : slopeByErf(b, X)),
  }),
});

/** With u = x/√2: Φ(x) = erf(u)/2 + 1/2, and x · φ(x) = u · exp(ln(1/√π) − u²), which saves two passes over the data. */
function slopeByErf(b: GraphBuilder, x: Value): Value {
  const u = scale(b, x, Math.SQRT1_2);
  const cumulative = b.op('HardSigmoid', [b.op('Erf', [u])], { alpha: 0.5, beta: 0.5 });
  const bell = b.op('Exp', [sub(b, b.scalar(-0.5 * Math.log(Math.PI)), mul(b, u, u))]);
  return add(b, cumulative, mul(b, u, bell));
}

/** y = x/2 · (1 + t), t = tanh(c · (x + 0.044715 x³)): y' = (1 + t)/2 + x/2 · (1 − t²) · c · (1 + 3 · 0.044715 x²). */
function slopeByTanh(b: GraphBuilder, x: Value): Value {
  const c = Math.sqrt(2 / Math.PI);
  const one = b.scalar(1);
  const square = mul(b, x, x);
  const t = b.op('Tanh', [scale(b, mul(b, x, add(b, scale(b, square, 0.044715), one)), c)]);
  const inner = scale(b, add(b, scale(b, square, 3 * 0.044715), one), c / 2);
  const outer = mul(b, x, mul(b, sub(b, one, mul(b, t, t)), inner));
  return add(b, scale(b, add(b, t, one), 0.5), outer);
}
