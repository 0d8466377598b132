import { floatAttribute } from '../../onnx/ir.js';
import { dimsOf, mul, reduceSum, reshape } from '../emit.js';
import { normalize, normalizedGradient } from '../lowerings/normalized-gradient.js';
import { defineGradient } from '../rule.js';

/** Normalization of every channel of every image by itself. */
export const instanceNormalizationGradient = defineGradient({
  opType: 'InstanceNormalization',
  inputs: ['input', 'scale', 'B'],
  outputs: ['output'],
  gradient({ b, node, input, scale, dOutput, wants }) {
    const dims = dimsOf(input);
    const spatial = dims.slice(2).map((_, index) => index + 2);
    const normalized = normalize(b, input, spatial, floatAttribute(node, 'epsilon', 1e-5));
    const slope = reshape(b, scale, [1, dims[1]!, ...spatial.map(() => 1)]);
    const perChannel = [0, ...spatial];
    return {
      input: wants.input ? normalizedGradient(b, normalized, mul(b, dOutput, slope)) : null,
      scale: wants.scale ? reduceSum(b, mul(b, dOutput, normalized.normal), perChannel) : null,
      B: wants.B ? reduceSum(b, dOutput, perChannel) : null,
    };
  },
});
