import { sizeOf } from '../../../onnx/tensor.js';
import { div, mul, pad, repeatEach, scale } from '../../emit.js';
import type { MaxPoolGradient } from './problem.js';

/**
 * Windows that neither overlap nor leave gaps: y repeated over its window equals x where the maximum was. Elements that
 * tie share the gradient equally, so that its sum is right on constant regions (a black background); PyTorch gives all
 * of it to the first of them. Both are subgradients.
 */
export const blocks: MaxPoolGradient = (b, { x, y, dy, window }) => {
  const { kernel, end } = window;
  const none = [0, 0, ...kernel.map(() => 0)];
  const seen = pad(b, x, { begin: none, end: [0, 0, ...end] });
  const hits = b.op('Cast', [b.op('Equal', [seen, repeatEach(b, y, kernel)])], { to: 1 });
  const part = b.op('AveragePool', [hits], { kernel_shape: kernel, strides: kernel });
  const share = div(b, dy, scale(b, part, sizeOf(kernel)));
  const gradient = mul(b, hits, repeatEach(b, share, kernel));
  return pad(b, gradient, { begin: none, end: [0, 0, ...end.map((amount) => -amount)] });
};
