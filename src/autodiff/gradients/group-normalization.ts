import { floatAttribute, intAttribute } from '../../onnx/ir.js';
import { dimsOf, mul, reduceSum, reshape } from '../emit.js';
import { normalize, normalizedGradient } from '../lowerings/normalized-gradient.js';
import { defineGradient } from '../rule.js';

/** Normalization of groups of channels; scale and bias are one per group up to opset 20, one per channel from 21 on. */
export const groupNormalizationGradient = defineGradient({
  opType: 'GroupNormalization',
  inputs: ['X', 'scale', 'bias'],
  outputs: ['Y'],
  gradient({ b, node, X, scale, dY, wants }) {
    const dims = dimsOf(X);
    const [n, c] = dims as [number, number];
    const groups = intAttribute(node, 'num_groups', 1);
    const parts = [n, groups, c / groups, ...dims.slice(2)];
    const inside = parts.flatMap((_, axis) => (axis >= 2 ? [axis] : []));
    const normalized = normalize(b, reshape(b, X, parts), inside, floatAttribute(node, 'epsilon', 1e-5));
    const isPerGroup = dimsOf(scale)[0] === groups;
    const slope = reshape(b, scale, [1, groups, isPerGroup ? 1 : c / groups, ...dims.slice(2).map(() => 1)]);
    const d = reshape(b, dY, parts);
    const shared = parts.flatMap((_, axis) => (axis === 1 || (axis === 2 && !isPerGroup) ? [] : [axis]));
    return {
      X: wants.X ? reshape(b, normalizedGradient(b, normalized, mul(b, d, slope)), dims) : null,
      scale: wants.scale ? reshape(b, reduceSum(b, mul(b, d, normalized.normal), shared), dimsOf(scale)) : null,
      bias: wants.bias ? reshape(b, reduceSum(b, d, shared), dimsOf(scale)) : null,
    };
  },
});
