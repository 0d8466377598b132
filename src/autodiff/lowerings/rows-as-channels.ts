import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { concat, dimsOf, pad, reshape, transpose } from '../emit.js';

/**
 * A convolution with few outputs leaves most of a channel block empty. Several neighbouring rows of its result can be
 * computed as if they were outputs of their own: the kernel of the t-th row is the kernel moved down by t strides, in a
 * window that is as much higher and moves down by all rows at once.
 */
export interface RowsAsChannels {
  /** [O, C, kh, kw] */
  readonly w: Value;
  /** [O] */
  readonly bias: Value | null;
  /** Rows at once; they divide the rows of the result. */
  readonly rows: number;
  /** Rows of the image from one row of the result to the next. */
  readonly stride: number;
}

/** Weights [O · rows, C, kh + (rows − 1) · stride, kw] and bias [O · rows] of the convolution that computes several rows. */
export function widenKernel(
  b: GraphBuilder,
  { w, bias, rows, stride }: RowsAsChannels,
): Pick<RowsAsChannels, 'w' | 'bias'> {
  const [outputs, channels, height, width] = dimsOf(w) as [number, number, number, number];
  const below = (rows - 1) * stride;
  const moved = Array.from({ length: rows }, (_, row) => {
    const above = row * stride;
    const kernel = pad(b, w, { begin: [0, 0, above, 0], end: [0, 0, below - above, 0] });
    return reshape(b, kernel, [outputs, 1, channels, height + below, width]);
  });
  const column = bias === null ? null : reshape(b, bias, [outputs, 1]);
  return {
    w: reshape(b, concat(b, moved, 1), [outputs * rows, channels, height + below, width]),
    bias: column === null ? null : reshape(b, concat(b, Array(rows).fill(column), 1), [outputs * rows]),
  };
}

/** The rows put where they belong: y [N, O · rows, H / rows, W] as [N, O, H, W]. @param names of the output */
export function rowsFromChannels(
  b: GraphBuilder,
  y: Value,
  {
    dims,
    rows,
    names,
  }: { readonly dims: readonly number[]; readonly rows: number; readonly names?: readonly string[] | undefined },
): Value {
  const [n, outputs, height, width] = dims as [number, number, number, number];
  const apart = transpose(b, reshape(b, y, [n, outputs, rows, height / rows, width]), [0, 1, 3, 2, 4]);
  return b.op('Reshape', [apart, b.ints(dims)], {}, names === undefined ? {} : { outputs: names });
}

/**
 * How many rows at once take the least work; 1 if it is not much less than otherwise.
 * @param height rows of the result. @param kernel its height
 */
export function bestRows(call: {
  readonly outputs: number;
  readonly block: number;
  readonly height: number;
  readonly kernel: number;
  readonly stride: number;
}): number {
  const { outputs, block, height, kernel, stride } = call;
  const workPerRow = (rows: number) =>
    (Math.ceil((outputs * rows) / block) * block * (kernel + (rows - 1) * stride)) / rows;
  let best = 1;
  for (let rows = 2; rows <= block && rows <= height; rows++) {
    if (height % rows === 0 && workPerRow(rows) < workPerRow(best)) best = rows;
  }
  return workPerRow(best) <= WORTHWHILE * workPerRow(1) ? best : 1;
}

/** Sorting the rows costs a pass over the result. */
const WORTHWHILE = 0.75;
