import type { Stack } from '../stack.js';
import { show } from '../stack.js';

/** How a window slides over an image: the geometry of convolutions and poolings. */
export interface WindowOptions {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly pad: 'same' | Pair;
  readonly dilation: Pair;
}

/** One number for height and width, or [height, width]. */
export type Pair = number | readonly [number, number];

export interface Window {
  /** [kH, kW] and so on, as ONNX attributes. */
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** [top, left, bottom, right] */
  readonly pads: readonly [number, number, number, number];
  /** [H, W] of the output. */
  readonly output: readonly [number, number];
}

export const pairSchema = (minimum: number, description: string) =>
  ({
    anyOf: [
      { type: 'integer', minimum },
      { type: 'array', minItems: 2, maxItems: 2, items: { type: 'integer', minimum } },
    ],
    description,
  }) as const;

export const PAD_SCHEMA = {
  anyOf: [{ enum: ['same'] }, ...pairSchema(0, '').anyOf],
  default: 0,
  description:
    'Zeros around the image: a number per side, [height, width], or "same" for outputs of ceil(size / stride).',
} as const;

/** The geometry of a window on the image on top of the stack. Throws NETWORK_SHAPE if it is no image or too small. */
export function windowOn(stack: Stack, layer: string, options: WindowOptions): Window {
  if (stack.shape.length !== 3) {
    throw stack.misfit(
      layer,
      `it needs an image [C, H, W], but gets ${show(stack.shape)}.`,
      'Put it before flatten and linear layers, or give the data a shape.',
    );
  }
  const [, height = 0, width = 0] = stack.shape;
  const [kernelH, kernelW] = pair(options.kernel);
  const [strideH, strideW] = pair(options.stride);
  const [dilationH, dilationW] = pair(options.dilation);
  const rows = along(height, kernelH, strideH, dilationH, options.pad === 'same' ? 'same' : pair(options.pad)[0]);
  const columns = along(width, kernelW, strideW, dilationW, options.pad === 'same' ? 'same' : pair(options.pad)[1]);
  if (rows.size < 1 || columns.size < 1) {
    throw stack.misfit(
      layer,
      `a window of ${rows.extent}×${columns.extent} does not fit into its input ${show(stack.shape)}.`,
      'Use a smaller kernel, more padding, or fewer layers that shrink the image before it.',
    );
  }
  return {
    kernel: [kernelH, kernelW],
    strides: [strideH, strideW],
    dilations: [dilationH, dilationW],
    pads: [rows.before, columns.before, rows.after, columns.after],
    output: [rows.size, columns.size],
  };
}

export function pair(value: Pair): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

/** One axis. With "same", the odd zero goes to the end, as ONNX's SAME_UPPER does. */
function along(size: number, kernel: number, stride: number, dilation: number, pad: 'same' | number) {
  const extent = dilation * (kernel - 1) + 1;
  const total = pad === 'same' ? Math.max((Math.ceil(size / stride) - 1) * stride + extent - size, 0) : 2 * pad;
  const before = Math.floor(total / 2);
  return { extent, before, after: total - before, size: Math.floor((size + total - extent) / stride) + 1 };
}
