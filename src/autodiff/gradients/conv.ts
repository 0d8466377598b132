import { channelSums, dimsOf } from '../emit.js';
import { convInputGradient } from '../lowerings/conv-input-gradient/index.js';
import { convWeightGradient } from '../lowerings/conv-weight-gradient/index.js';
import { defineGradient } from '../rule.js';
import { groupOf, windowOf } from '../window.js';

/** Any strides, pads, dilations and groups; one or two spatial axes take the fast ways, more the general ones. */
export const convGradient = defineGradient({
  opType: 'Conv',
  inputs: ['X', 'W', 'B?'],
  outputs: ['Y'],
  gradient({ b, node, X, W, dY, wants, choose, channelBlock: block }) {
    const kernel = dimsOf(W).slice(2);
    const window = windowOf(node, { input: dimsOf(X).slice(2), output: dimsOf(dY).slice(2), kernel });
    const groups = groupOf(node);
    // The weights first: their blocked dY then stands before the convolution that gives dX and reads it too.
    const dW = wants.W ? convWeightGradient(b, { x: X, dy: dY, window, groups, block }, choose) : null;
    const dX = wants.X ? convInputGradient(b, { dy: dY, w: W, window, groups }, choose) : null;
    return { X: dX, W: dW, B: wants.B ? channelSums(b, dY) : null };
  },
});
