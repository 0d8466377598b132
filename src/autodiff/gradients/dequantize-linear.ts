import { dimsOf, mul, reshape, sub } from '../emit.js';
import { castToFloat, spreadScale } from '../lowerings/quantization.js';
import { defineGradient } from '../rule.js';
import { sumTo } from '../sum-to.js';

/** y = (x − zero point) · scale: dx = dY · scale, dscale = Σ dY · (x − zero point). */
export const dequantizeLinearGradient = defineGradient({
  opType: 'DequantizeLinear',
  inputs: ['x', 'x_scale', 'x_zero_point?'],
  outputs: ['y'],
  unsupported: (node) => (node.attributes.has('block_size') ? 'blocked quantization' : null),
  gradient({ b, node, x, x_scale, x_zero_point, dY, wants }) {
    const scale = spreadScale(b, node, x_scale, x);
    const steps = () => {
      const level = castToFloat(b, x);
      return x_zero_point === null ? level : sub(b, level, spreadScale(b, node, castToFloat(b, x_zero_point), x));
    };
    return {
      x: wants.x ? mul(b, dY, scale) : null,
      x_scale: wants.x_scale ? reshape(b, sumTo(b, mul(b, dY, steps()), dimsOf(scale)), dimsOf(x_scale)) : null,
      x_zero_point: null,
    };
  },
});
