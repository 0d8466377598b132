import type { Value } from '../../onnx/builder.js';
import { floatAttribute, intAttribute } from '../../onnx/ir.js';
import { sizeOf } from '../../onnx/tensor.js';
import { add, channelSums, dimsOf, div, mul, sub, scale as times } from '../emit.js';
import { channelAffine, channelNormalize } from '../lowerings/channel-affine.js';
import { defineGradient } from '../rule.js';

/**
 * Training form: x̂ = (x − μ)/σ with the batch's own statistics (outputs 2 and 3, with momentum 0):
 * dx = γ/σ · (dY − mean(dY) − x̂ · mean(dY · x̂)), dγ = Σ dY · x̂, dβ = Σ dY.
 * Source: Ioffe & Szegedy 2015, section 3, as two affine maps per channel, of dY and of x: x̂ is never formed.
 * Exact where |μ| is not far above σ, which `trainingBatchNormalization` sees to.
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
  gradient(call) {
    const { b, node, X, scale, dY, wants } = call;
    const epsilon = floatAttribute(node, 'epsilon', 1e-5);
    const isTraining = intAttribute(node, 'training_mode', 0) !== 0;
    const mean = isTraining ? b.value(node.outputs[1]!) : call.input_mean;
    const variance = isTraining ? b.value(node.outputs[2]!) : call.input_var;
    const spread = add(b, variance, b.scalar(epsilon));
    const slope = div(b, scale, b.op('Sqrt', [spread]));
    const normalized = () => channelNormalize(b, X, { mean, variance, epsilon });

    if (!isTraining) {
      const sums = wants.B || wants.input_mean ? channelSums(b, dY) : null;
      const products = wants.scale || wants.input_var ? channelSums(b, mul(b, dY, normalized())) : null;
      return {
        X: wants.X ? channelAffine(b, dY, slope, null) : null,
        scale: products,
        B: sums,
        input_mean: wants.input_mean ? b.op('Neg', [mul(b, slope, sums!)]) : null,
        // d x̂ / d variance = −x̂ / (2 σ²)
        input_var: wants.input_var ? times(b, div(b, mul(b, scale, products!), spread), -0.5) : null,
      };
    }
    const statistics = { input_mean: null, input_var: null };
    const sums = channelSums(b, dY);
    if (!wants.X && !wants.scale) return { X: null, scale: null, B: sums, ...statistics };
    const deviation = b.op('Sqrt', [spread]);
    const products = div(b, sub(b, channelSums(b, mul(b, dY, X)), mul(b, mean!, sums)), deviation);
    const gradientOfX = () => {
      const perElement = times(b, slope, -channelsOf(X) / sizeOf(dimsOf(X)));
      const tilt = div(b, products, deviation);
      const direct = channelAffine(b, dY, slope, mul(b, perElement, sub(b, sums, mul(b, tilt, mean!))));
      return add(b, direct, channelAffine(b, X, mul(b, perElement, tilt), null));
    };
    return { X: wants.X ? gradientOfX() : null, scale: products, B: sums, ...statistics };
  },
});

function channelsOf(x: Value): number {
  return dimsOf(x)[1]!;
}
