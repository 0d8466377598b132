import { floatAttribute, intAttribute } from '../../onnx/ir.js';
import { sizeOf } from '../../onnx/tensor.js';
import { add, dimsOf, div, mul, reduceSum, scale as times } from '../emit.js';
import { channelAffine, channelNormalize } from '../lowerings/channel-affine.js';
import { defineGradient } from '../rule.js';

/**
 * Training form: x̂ = (x − μ)/σ with the batch's own statistics (outputs 2 and 3, with momentum 0):
 * dx = γ/σ · (dY − mean(dY) − x̂ · mean(dY · x̂)), dγ = Σ dY · x̂, dβ = Σ dY.
 * Source: Ioffe & Szegedy 2015, section 3, as two affine maps per channel.
 * Inference form: the statistics are inputs like others; dx = γ/σ · dY.
 */
export const batchNormalizationGradient = defineGradient({
  opType: 'BatchNormalization',
  inputs: ['X', 'scale', 'B', 'input_mean', 'input_var'],
  outputs: ['Y'],
  unsupported: (node) =>
    intAttribute(node, 'training_mode', 0) !== 0 && floatAttribute(node, 'momentum', 0.9) !== 0
      ? 'training mode with a momentum other than 0, which hides the statistics of the batch'
      : null,
  gradient({ b, node, X, scale, input_mean, input_var, dY, wants }) {
    const isTraining = intAttribute(node, 'training_mode', 0) !== 0;
    const mean = isTraining ? b.value(node.outputs[1]!) : input_mean;
    const variance = isTraining ? b.value(node.outputs[2]!) : input_var;
    const epsilon = floatAttribute(node, 'epsilon', 1e-5);
    const axes = dimsOf(X).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    const count = sizeOf(axes.map((axis) => dimsOf(X)[axis]!));

    const needsSum = wants.B || (isTraining ? wants.X : wants.input_mean);
    const needsProducts = wants.scale || (isTraining ? wants.X : wants.input_var);
    const sums = needsSum ? reduceSum(b, dY, axes) : null;
    const normal = needsProducts ? channelNormalize(b, X, { mean, variance, epsilon }) : null;
    const products = normal === null ? null : reduceSum(b, mul(b, dY, normal), axes);
    const spread = add(b, variance, b.scalar(epsilon));
    const slope = div(b, scale, b.op('Sqrt', [spread]));
    const gradientOfX = () => {
      if (!isTraining) return channelAffine(b, dY, slope, null);
      const share = times(b, slope, -1 / count);
      const direct = channelAffine(b, dY, slope, mul(b, share, sums!));
      return add(b, direct, channelAffine(b, normal!, mul(b, share, products!), null));
    };
    return {
      X: wants.X ? gradientOfX() : null,
      scale: wants.scale ? products : null,
      B: wants.B ? sums : null,
      input_mean: wants.input_mean && !isTraining ? b.op('Neg', [mul(b, slope, sums!)]) : null,
      // d x̂ / d variance = −x̂ / (2 σ²)
      input_var: wants.input_var && !isTraining ? times(b, div(b, mul(b, scale, products!), spread), -0.5) : null,
    };
  },
});
