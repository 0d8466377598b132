import { floatAttribute, intAttribute } from '../../onnx/ir.js';
import { sizeOf } from '../../onnx/tensor.js';
import { add, dimsOf, mul, reduceSum, sub, scale as times } from '../emit.js';
import { defineGradient } from '../rule.js';
import { sumTo } from '../sum-to.js';

/**
 * Y = scale · x̂ with x̂ = x / √(mean(x²) + epsilon) over the axes from `axis` on:
 * dx = (d − x̂ · mean(d · x̂)) / √(mean(x²) + epsilon), d = dY · scale. Source: Zhang & Sennrich 2019.
 */
export const rmsNormalizationGradient = defineGradient({
  opType: 'RMSNormalization',
  inputs: ['X', 'scale'],
  outputs: ['Y'],
  gradient({ b, node, X, scale, dY, wants }) {
    const dims = dimsOf(X);
    const first = (intAttribute(node, 'axis', -1) + dims.length) % dims.length;
    const axes = dims.flatMap((_, axis) => (axis >= first ? [axis] : []));
    const share = 1 / sizeOf(dims.slice(first));
    const squares = times(b, reduceSum(b, mul(b, X, X), axes, true), share);
    const spread = add(b, squares, b.scalar(floatAttribute(node, 'epsilon', 1e-5)));
    const inverse = b.op('Reciprocal', [b.op('Sqrt', [spread])]);
    const normal = mul(b, X, inverse);
    const gradientOfX = () => {
      const d = mul(b, dY, scale);
      const along = times(b, reduceSum(b, mul(b, d, normal), axes, true), share);
      return mul(b, inverse, sub(b, d, mul(b, normal, along)));
    };
    return {
      X: wants.X ? gradientOfX() : null,
      scale: wants.scale ? sumTo(b, mul(b, dY, normal), dimsOf(scale)) : null,
    };
  },
});
