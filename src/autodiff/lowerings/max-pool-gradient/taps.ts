import { sizeOf } from '../../../onnx/tensor.js';
import { concat, dimsOf, reshape, sub } from '../../emit.js';
import { taps as positions } from '../../window.js';
import { tapsOf } from '../patches.js';
import type { MaxPoolGradient } from './problem.js';

/**
 * Any windows: for every kernel position, what it saw is compared with y; the first that is equal takes dy, as in
 * PyTorch. Col2Im adds the parts up where windows overlap.
 */
export const taps: MaxPoolGradient = (b, { x, y, dy, window }) => {
  const { kernel, strides, dilations, begin, end, output } = window;
  const [n, c, ...image] = dimsOf(x) as [number, number, ...number[]];
  const see = tapsOf(b, x, window, Number.NEGATIVE_INFINITY);
  const area = sizeOf(output);
  const all = positions(kernel);
  let rest = dy;
  const parts = all.map((position, index) => {
    const isMaximum = b.op('Equal', [see(position), y]);
    const part = b.op('Where', [isMaximum, rest, b.scalar(0)]);
    if (index < all.length - 1) rest = sub(b, rest, part);
    return reshape(b, part, [n, c, 1, area]);
  });
  const columns = reshape(b, concat(b, parts, 2), [n, c * all.length, area]);
  return b.op('Col2Im', [columns, b.ints(image), b.ints(kernel)], {
    strides,
    dilations,
    pads: [...begin, ...end.map((amount) => Math.max(0, amount))],
  });
};
