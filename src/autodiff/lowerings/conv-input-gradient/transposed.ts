import { pad } from '../../emit.js';
import type { InputGradient } from './problem.js';

/** ConvTranspose is this very sum. Always possible; the fast one without padding and with strides. */
export const transposed: InputGradient = (b, { dy, w, window, groups }) => {
  const { kernel, strides, dilations, begin, end } = window;
  // A negative end means columns that no output saw: they are appended as zeros afterwards.
  const image = b.op('ConvTranspose', [dy, w], {
    kernel_shape: kernel,
    strides,
    dilations,
    group: groups,
    pads: [...begin, ...end.map((amount) => Math.max(0, amount))],
  });
  return pad(b, image, {
    begin: [0, 0, ...kernel.map(() => 0)],
    end: [0, 0, ...end.map((amount) => Math.max(0, -amount))],
  });
};
