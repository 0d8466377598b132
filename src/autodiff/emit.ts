import type { GraphBuilder, Value } from '../onnx/builder.js';
import { floatTensor, int64Tensor, sizeOf } from '../onnx/tensor.js';
import { dynamicShape } from './dynamic-shape.js';

/** Short forms of the operators that gradients are made of. All shapes are static. */

/** The sizes of a value. Throws AUTODIFF_DYNAMIC_SHAPE if one is unknown: training graphs are static. */
export function dimsOf(value: Value): readonly number[] {
  const { shape } = value;
  if (shape === null || shape.some((dim) => typeof dim !== 'number')) throw dynamicShape(value);
  return shape as readonly number[];
}

export function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, index) => dim === b[index]);
}

export function add(b: GraphBuilder, x: Value, y: Value): Value {
  return b.op('Add', [x, y]);
}

export function sub(b: GraphBuilder, x: Value, y: Value): Value {
  return b.op('Sub', [x, y]);
}

export function mul(b: GraphBuilder, x: Value, y: Value): Value {
  return b.op('Mul', [x, y]);
}

export function div(b: GraphBuilder, x: Value, y: Value): Value {
  return b.op('Div', [x, y]);
}

/** factor · x; x itself for the factor 1. */
export function scale(b: GraphBuilder, x: Value, factor: number): Value {
  return factor === 1 ? x : mul(b, x, b.scalar(factor));
}

export function reshape(b: GraphBuilder, x: Value, dims: readonly number[]): Value {
  if (x.shape !== null && isSameShape(x.shape as number[], dims)) return x;
  // Without allowzero a 0 stands for the size that the axis had before.
  return b.op('Reshape', [x, b.ints(dims)], dims.includes(0) ? { allowzero: 1 } : {});
}

/** x repeated along the axes along which it has 1. */
export function expand(b: GraphBuilder, x: Value, dims: readonly number[]): Value {
  return isSameShape(dimsOf(x), dims) ? x : b.op('Expand', [x, b.ints(dims)]);
}

export function transpose(b: GraphBuilder, x: Value, perm: readonly number[]): Value {
  return perm.every((axis, index) => axis === index) ? x : b.op('Transpose', [x], { perm });
}

export function reduceSum(b: GraphBuilder, x: Value, axes: readonly number[], keepdims = false): Value {
  if (axes.length === 0) return x;
  return b.op('ReduceSum', [x, b.ints(axes)], { keepdims: keepdims ? 1 : 0 });
}

/** [C], the sums of x [N, C, ...image] over all but its channels: per image first, where the elements lie side by side. */
export function channelSums(b: GraphBuilder, x: Value): Value {
  const image = dimsOf(x).flatMap((_, axis) => (axis >= 2 ? [axis] : []));
  return reduceSum(b, reduceSum(b, x, image), [0]);
}

export interface SliceRange {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step?: number;
}

/** x cut along some axes; ranges that keep everything are left out. */
export function slice(b: GraphBuilder, x: Value, ranges: readonly SliceRange[]): Value {
  const dims = dimsOf(x);
  const cuts = ranges.filter(({ axis, start, end, step }) => start !== 0 || end !== dims[axis] || (step ?? 1) !== 1);
  if (cuts.length === 0) return x;
  return b.op('Slice', [
    x,
    b.ints(cuts.map((cut) => cut.start)),
    b.ints(cuts.map((cut) => cut.end)),
    b.ints(cuts.map((cut) => cut.axis)),
    b.ints(cuts.map((cut) => cut.step ?? 1)),
  ]);
}

export function concat(b: GraphBuilder, parts: readonly Value[], axis: number): Value {
  return parts.length === 1 ? parts[0]! : b.op('Concat', parts, { axis });
}

/** x with `begin` and `end` elements of `value` (default 0) added per axis; negative amounts crop. */
export function pad(
  b: GraphBuilder,
  x: Value,
  amounts: { readonly begin: readonly number[]; readonly end: readonly number[]; readonly value?: number },
): Value {
  const { begin, end, value } = amounts;
  if ([...begin, ...end].every((amount) => amount === 0)) return x;
  const inputs = [x, b.ints([...begin, ...end])];
  if (value !== undefined && value !== 0) inputs.push(b.scalar(value));
  return b.op('Pad', inputs);
}

/** A constant float tensor of one value. Written as an operator, so that the file stays small; onnxruntime folds it. */
export function filled(b: GraphBuilder, dims: readonly number[], value: number): Value {
  if (sizeOf(dims) <= 64)
    return b.constant(floatTensor(Array(sizeOf(dims)).fill(value), dims), `fill:${value}:${dims}`);
  return b.op('ConstantOfShape', [b.ints(dims)], { value: { type: 'tensor', value: floatTensor([value], [1]) } });
}

/** A constant int64 tensor of any shape, stored once per content. */
export function intGrid(b: GraphBuilder, values: readonly number[], dims: readonly number[]): Value {
  return b.constant(int64Tensor(values, dims), `grid:${dims}:${values}`);
}

export interface MatMulOptions {
  readonly transA?: boolean;
  readonly transB?: boolean;
}

/** a · b over the last two axes, either of them transposed; leading axes broadcast. Both have rank 2 at least. */
export function matMul(b: GraphBuilder, x: Value, y: Value, options: MatMulOptions = {}): Value {
  const { transA = false, transB = false } = options;
  if (!transA && !transB) return b.op('MatMul', [x, y]);
  const a = dimsOf(x);
  const c = dimsOf(y);
  const rows = a[a.length - (transA ? 1 : 2)]!;
  const columns = c[c.length - (transB ? 2 : 1)]!;
  const product = b.op(
    'FusedMatMul',
    [x, y],
    { transA: transA ? 1 : 0, transB: transB ? 1 : 0 },
    { domain: 'com.microsoft' },
  );
  if (product.shape !== null) return product;
  // Shape inference knows ai.onnx only: say the shape with a Reshape, which costs nothing.
  return b.op('Reshape', [product, b.ints([...broadcastDims(a.slice(0, -2), c.slice(0, -2)), rows, columns])]);
}

/** The shape that two shapes broadcast to. Throws if they do not. */
export function broadcastDims(x: readonly number[], y: readonly number[]): number[] {
  const rank = Math.max(x.length, y.length);
  return Array.from({ length: rank }, (_, index) => {
    const a = x[index - rank + x.length] ?? 1;
    const c = y[index - rank + y.length] ?? 1;
    if (a !== c && a !== 1 && c !== 1) throw new Error(`internal: [${x}] and [${y}] do not broadcast`);
    return a === 1 ? c : a;
  });
}

/** 1 where x > 0, else 0. A HardSigmoid of slope 1e38 is the fastest step function of the CPU provider. */
export function step(b: GraphBuilder, x: Value): Value {
  return b.op('HardSigmoid', [x], { alpha: { type: 'float', value: 1e38 }, beta: { type: 'float', value: 0 } });
}

/** Every element of the spatial axes repeated `times` along its axis: nearest-neighbour enlargement. */
export function repeatEach(b: GraphBuilder, x: Value, times: readonly number[]): Value {
  const factors = [1, 1, ...times];
  const scales = b.constant(floatTensor(factors, [factors.length]), `factors:${factors}`);
  return b.op('Resize', [x, null, scales], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  });
}
