import type { Dim } from '../ir.js';
import type { Shape } from './dims.js';
import type { Call } from './rule.js';

/** How a kernel slides along one axis. */
export interface Window {
  readonly kernel: Dim;
  readonly stride: number;
  readonly dilation: number;
  readonly padHead: number;
  readonly padTail: number;
}

/** The windows of a convolution or pooling by its attributes, one per spatial axis. */
export function windowsOf(call: Call, kernel: Shape): Window[] {
  const rank = kernel.length;
  const strides = call.ints('strides');
  const dilations = call.ints('dilations');
  const pads = call.ints('pads');
  const checked = { kernel_shape: call.ints('kernel_shape'), strides, dilations };
  for (const [name, values] of Object.entries(checked)) {
    if (values === undefined) continue;
    if (values.length !== rank) call.fail(`has ${values.length} ${name} for ${rank} dimensions`);
    if (values.some((value) => value < 1)) call.fail(`has the ${name} [${values.join(', ')}]`);
  }
  if (pads !== undefined && pads.length !== 2 * rank) call.fail(`has ${pads.length} pads for ${rank} dimensions`);
  return kernel.map((size, i) => ({
    kernel: size,
    stride: strides?.[i] ?? 1,
    dilation: dilations?.[i] ?? 1,
    padHead: pads?.[i] ?? 0,
    padTail: pads?.[i + rank] ?? 0,
  }));
}

/**
 * Positions of a window along an axis of this size: floor((size + pads − dilation·(kernel − 1) − 1) / stride) + 1.
 * A symbol survives a window that keeps the size.
 */
export function windowCount(call: Call, size: Dim, window: Window, isCeil: boolean): Dim {
  const { kernel, stride, dilation, padHead, padTail } = window;
  const autoPad = call.string('auto_pad', 'NOTSET');
  if (autoPad.startsWith('SAME')) {
    if (stride === 1) return size;
    return typeof size === 'number' ? Math.ceil(size / stride) : null;
  }
  const pads = autoPad === 'VALID' ? 0 : padHead + padTail;
  if (typeof kernel !== 'number') return null;
  const reach = dilation * (kernel - 1) + 1;
  if (typeof size !== 'number') return stride === 1 && pads === reach - 1 ? size : null;
  const room = size + pads - reach;
  // Truncated as in C++: onnxruntime lets a window hang over the end by less than a stride.
  const count = (isCeil ? Math.ceil(room / stride) : Math.trunc(room / stride)) + 1;
  if (count < 1 && size > 0) {
    call.fail(`has a window of ${reach}, but its input has ${size} elements and ${pads} of padding there`);
  }
  // The last window must start inside the input or its left padding.
  const startsOutside = isCeil && (count - 1) * stride >= size + (autoPad === 'VALID' ? 0 : padHead);
  return startsOutside ? count - 1 : count;
}

/** The inverse: stride·(size − 1) + output padding + dilation·(kernel − 1) + 1 − pads. */
export function transposedCount(call: Call, size: Dim, window: Window, outputPadding: number): Dim {
  const { kernel, stride, dilation, padHead, padTail } = window;
  const autoPad = call.string('auto_pad', 'NOTSET');
  if (autoPad.startsWith('SAME')) {
    if (stride === 1) return size;
    return typeof size === 'number' ? size * stride : null;
  }
  const pads = autoPad === 'VALID' ? 0 : padHead + padTail;
  if (typeof kernel !== 'number') return null;
  const reach = dilation * (kernel - 1) + 1;
  if (typeof size !== 'number') return stride === 1 && outputPadding + reach - 1 === pads ? size : null;
  return stride * (size - 1) + outputPadding + reach - pads;
}
