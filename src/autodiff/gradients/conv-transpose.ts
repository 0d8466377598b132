import { intsAttribute, type Node, stringAttribute } from '../../onnx/ir.js';
import { channelSums, dimsOf } from '../emit.js';
import { convWeightGradient } from '../lowerings/conv-weight-gradient/index.js';
import { padImage } from '../lowerings/patches.js';
import { defineGradient } from '../rule.js';
import { groupOf, makeWindow } from '../window.js';

/**
 * The convolution that it transposes, with the roles of input and output exchanged: dX is that convolution of dY, dW
 * the weights' gradient of that convolution with dY as its image and X as its output.
 */
export const convTransposeGradient = defineGradient({
  opType: 'ConvTranspose',
  inputs: ['X', 'W', 'B?'],
  outputs: ['Y'],
  gradient({ b, node, X, W, dY, wants, choose, channelBlock: block }) {
    const kernel = dimsOf(W).slice(2);
    const window = transposedWindow(node, { input: dimsOf(dY).slice(2), output: dimsOf(X).slice(2), kernel });
    const groups = groupOf(node);
    return {
      X: wants.X ? convolve() : null,
      W: wants.W ? convWeightGradient(b, { x: dY, dy: X, window, groups, block }, choose) : null,
      B: wants.B ? channelSums(b, dY) : null,
    };

    function convolve() {
      const { strides, dilations } = window;
      const image = padImage(b, dY, window);
      return b.op('Conv', [image, W], { kernel_shape: kernel, strides, dilations, group: groups });
    }
  },
});

/** Pads follow from the sizes, whether the node says pads, output_shape or auto_pad. */
function transposedWindow(
  node: Node,
  sizes: { readonly input: readonly number[]; readonly output: readonly number[]; readonly kernel: readonly number[] },
) {
  const { input, output, kernel } = sizes;
  const strides = intsAttribute(node, 'strides') ?? kernel.map(() => 1);
  const dilations = intsAttribute(node, 'dilations') ?? kernel.map(() => 1);
  const outputPadding = intsAttribute(node, 'output_padding') ?? kernel.map(() => 0);
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  const explicit = intsAttribute(node, 'pads') ?? kernel.flatMap(() => [0, 0]);
  const isExplicit = mode === 'NOTSET' && !node.attributes.has('output_shape');
  const begin = kernel.map((size, axis) => {
    if (isExplicit) return explicit[axis]!;
    if (mode === 'VALID') return 0;
    const full = strides[axis]! * (output[axis]! - 1) + outputPadding[axis]! + (size - 1) * dilations[axis]! + 1;
    const total = Math.max(0, full - input[axis]!);
    // The specification gives the odd row to the beginning unless auto_pad is SAME_UPPER.
    return mode === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
  return makeWindow({ kernel, strides, dilations, begin, input, output });
}
