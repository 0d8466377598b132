import { floatAttribute, intAttribute } from '../../onnx/ir.js';
import { dimsOf, mul, sub } from '../emit.js';
import { normalize, normalizedGradient } from '../lowerings/normalized-gradient.js';
import { defineGradient } from '../rule.js';
import { sumTo } from '../sum-to.js';

/** Normalization over the axes from `axis` on. Uses the node's own Mean and InvStdDev outputs where it has them. */
export const layerNormalizationGradient = defineGradient({
  opType: 'LayerNormalization',
  inputs: ['X', 'Scale', 'B?'],
  outputs: ['Y'],
  gradient({ b, node, X, Scale, B, dY, wants }) {
    const dims = dimsOf(X);
    const first = (intAttribute(node, 'axis', -1) + dims.length) % dims.length;
    const axes = dims.flatMap((_, axis) => (axis >= first ? [axis] : []));
    const [mean, inverse] = [node.outputs[1] ?? '', node.outputs[2] ?? ''];
    const normalized =
      mean !== '' && inverse !== ''
        ? { normal: mul(b, sub(b, X, b.value(mean)), b.value(inverse)), inverse: b.value(inverse), axes }
        : normalize(b, X, axes, floatAttribute(node, 'epsilon', 1e-5));
    return {
      X: wants.X ? normalizedGradient(b, normalized, mul(b, dY, Scale)) : null,
      Scale: wants.Scale ? sumTo(b, mul(b, dY, normalized.normal), dimsOf(Scale)) : null,
      B: B !== null && wants.B ? sumTo(b, dY, dimsOf(B)) : null,
    };
  },
});
