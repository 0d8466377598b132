import { intAttribute, intsAttribute, type Node, stringAttribute } from '../onnx/ir.js';

/** How a convolution or pooling moves over its spatial axes: every list has one entry per axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begin: readonly number[];
  /** What lies beyond the image that the last window still reads; negative where it does not reach the image's end. */
  readonly end: readonly number[];
  /** Sizes of the image and of the result. */
  readonly input: readonly number[];
  readonly output: readonly number[];
}

export interface SpatialSizes {
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
}

/** The window of a Conv or pooling node, with auto_pad resolved. */
export function windowOf(node: Node, sizes: SpatialSizes): Window {
  const rank = sizes.kernel.length;
  const strides = intsAttribute(node, 'strides') ?? Array<number>(rank).fill(1);
  const dilations = intsAttribute(node, 'dilations') ?? Array<number>(rank).fill(1);
  return makeWindow({ ...sizes, strides, dilations, begin: padsOf(node, sizes).begin });
}

/** The pads that a Conv or pooling node asks for, with auto_pad resolved; ceil_mode may read beyond their end. */
export function padsOf(node: Node, sizes: SpatialSizes): { readonly begin: number[]; readonly end: number[] } {
  const { kernel, input, output } = sizes;
  const rank = kernel.length;
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  const pads = intsAttribute(node, 'pads') ?? Array<number>(2 * rank).fill(0);
  if (mode === 'NOTSET') return { begin: pads.slice(0, rank), end: pads.slice(rank) };
  if (mode === 'VALID') return { begin: kernel.map(() => 0), end: kernel.map(() => 0) };
  const strides = intsAttribute(node, 'strides');
  const dilations = intsAttribute(node, 'dilations');
  const totals = kernel.map((size, axis) =>
    Math.max(0, reach(output[axis]!, strides?.[axis] ?? 1, size, dilations?.[axis] ?? 1) - input[axis]!),
  );
  const less = totals.map((total) => Math.floor(total / 2));
  const more = totals.map((total) => Math.ceil(total / 2));
  return mode === 'SAME_UPPER' ? { begin: less, end: more } : { begin: more, end: less };
}

/** Why a pooling node's window is not covered, or null: onnxruntime leaves dilations out when it works out such pads. */
export function reasonAgainstPool(node: Node): string | null {
  const isSame = stringAttribute(node, 'auto_pad', 'NOTSET').startsWith('SAME');
  // Asked of damaged nodes too.
  const kernel = intsAttribute(node, 'kernel_shape');
  const isDilated = intsAttribute(node, 'dilations')?.some((dilation, axis) => dilation !== 1 && kernel?.[axis] !== 1);
  return isSame && isDilated === true ? 'auto_pad together with dilations' : null;
}

/** A window from its parts; the end follows from the sizes. */
export function makeWindow(parts: Omit<Window, 'end'>): Window {
  const { kernel, strides, dilations, begin, input, output } = parts;
  const end = kernel.map(
    (size, axis) => reach(output[axis]!, strides[axis]!, size, dilations[axis]!) - input[axis]! - begin[axis]!,
  );
  return { ...parts, end };
}

/** kernel_shape of a pooling node. */
export function kernelShape(node: Node): readonly number[] {
  const kernel = intsAttribute(node, 'kernel_shape');
  if (kernel === undefined) throw new Error(`internal: ${node.name} (${node.opType}) has no kernel_shape`);
  return kernel;
}

export function groupOf(node: Node): number {
  return intAttribute(node, 'group', 1);
}

/** Every position of the kernel, last axis fastest. */
export function taps(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (positions, size) => positions.flatMap((head) => Array.from({ length: size }, (_, index) => [...head, index])),
    [[]],
  );
}

/** How many elements of the padded image `count` outputs see. */
function reach(count: number, stride: number, kernel: number, dilation: number): number {
  return (count - 1) * stride + (kernel - 1) * dilation + 1;
}
