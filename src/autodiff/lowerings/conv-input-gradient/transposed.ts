import { pad } from '../../emit.js';
import type { InputGradient } from './problem.js';

/** ConvTranspose is this very sum. Always possible; the fast one without padding and with strides. */
export const transposed: InputGradient = (b, { dy, w, window, groups }) => {
  const { kernel, strides, dilations, begin, end } = window;
  // A negative end means rows that no output saw. ConvTranspose adds zeros for fewer than a stride; further ones are appended.
  const unseen = end.map((amount) => Math.max(0, -amount));
  const within = unseen.map((amount, axis) => Math.min(amount, strides[axis]! - 1));
  const image = b.op('ConvTranspose', [dy, w], {
    kernel_shape: kernel,
    strides,
    dilations,
    group: groups,
    pads: [...begin, ...end.map((amount) => Math.max(0, amount))],
    ...(within.some((amount) => amount > 0) ? { output_padding: within } : {}),
  });
  const none = [0, 0, ...kernel.map(() => 0)];
  return pad(b, image, { begin: none, end: [0, 0, ...unseen.map((amount, axis) => amount - within[axis]!)] });
};
