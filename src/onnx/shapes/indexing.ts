import type { Dim } from '../ir.js';
import { plusDim, type Shape, shapeText, unknownShape } from './dims.js';
import { same } from './elementwise.js';
import { type Call, type RuleTable, type ShapeRule, typed } from './rule.js';

const gather: ShapeRule = (call) => {
  const data = call.shape(0);
  const indices = call.shape(1);
  if (data === null || indices === null) return [typed(call.dataType(0), null)];
  const axis = call.axis(call.int('axis', 0), data.length);
  return [typed(call.dataType(0), [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)])];
};

const gatherND: ShapeRule = (call) => {
  const data = call.shape(0);
  const indices = call.shape(1);
  const depth = indices?.at(-1);
  if (data === null || indices === null || typeof depth !== 'number') return [typed(call.dataType(0), null)];
  const batch = call.int('batch_dims', 0);
  return [typed(call.dataType(0), [...indices.slice(0, -1), ...data.slice(batch + depth)])];
};

/** Starts, ends, axes and steps: attributes before opset 10, inputs since. */
const slice: ShapeRule = (call) => {
  const shape = call.shape(0);
  if (shape === null) return [typed(call.dataType(0), null)];
  const isInput = call.has(1);
  const starts = isInput ? call.values(1) : call.ints('starts');
  const ends = isInput ? call.values(2) : call.ints('ends');
  const axes = isInput ? (call.has(3) ? call.numbers(3) : undefined) : call.ints('axes');
  const steps = isInput && call.has(4) ? call.numbers(4) : undefined;
  if (isInput && call.has(3) && axes === undefined) return [typed(call.dataType(0), unknownShape(shape.length))];
  const isStepped = isInput && call.has(4);
  const count = axes?.length ?? starts?.length ?? ends?.length ?? lengthOf(call, 1) ?? shape.length;
  const result = [...shape];
  for (let i = 0; i < count; i++) {
    const axis = call.axis(axes?.[i] ?? i, shape.length);
    const step = isStepped ? (steps?.[i] ?? null) : 1;
    result[axis] = sliced(result[axis]!, starts?.[i] ?? null, ends?.[i] ?? null, step);
  }
  return [typed(call.dataType(0), result)];
};

function lengthOf(call: Call, index: number): number | undefined {
  const length = call.shape(index)?.[0];
  return typeof length === 'number' ? length : undefined;
}

/** Elements from start to end by numpy's rules. A symbol survives only what takes everything. */
export function sliced(size: Dim, start: Dim, end: Dim, step: number | null): Dim {
  if (typeof start !== 'number' || step === null || step === 0) return null;
  if (typeof size !== 'number') {
    const takesAll = step === 1 && start === 0 && (end === size || (typeof end === 'number' && end >= 2 ** 31 - 1));
    if (takesAll) return size;
    return step === 1 && start === 0 && typeof end === 'number' && end === 0 ? 0 : null;
  }
  if (typeof end !== 'number') return null;
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const from = clamp(start < 0 ? start + size : start, step > 0 ? low : 0, high);
  const to = clamp(end < 0 ? end + size : end, low, high);
  return Math.max(0, Math.ceil((to - from) / step));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(high, low));
}

const split: ShapeRule = (call) => {
  const shape = call.shape(0);
  const count = call.outputCount;
  if (shape === null) return call.node.outputs.map(() => typed(call.dataType(0), null));
  const axis = call.axis(call.int('axis', 0), shape.length);
  const sizes = splitSizes(call, shape[axis]!, count);
  return sizes.map((size) =>
    typed(
      call.dataType(0),
      shape.map((dim, i) => (i === axis ? size : dim)),
    ),
  );
};

/** Given sizes (an attribute before opset 13, an input since), else equal parts of which the last may be smaller. */
function splitSizes(call: Call, size: Dim, count: number): Dim[] {
  const given = call.has(1) ? call.values(1) : call.ints('split');
  if (given !== undefined) return [...given];
  if (call.has(1) || typeof size !== 'number') return unknownShape(count);
  const part = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(part, size - part * i)));
}

/** Pads: an attribute before opset 11, an input since; axes an input since 18. */
const pad: ShapeRule = (call) => {
  const shape = call.shape(0);
  if (shape === null) return [typed(call.dataType(0), null)];
  const pads = call.has(1) ? call.values(1) : (call.ints('pads') ?? call.ints('paddings'));
  const axes = call.has(3) ? call.numbers(3) : shape.map((_, i) => i);
  if (pads === undefined || axes === undefined) return [typed(call.dataType(0), unknownShape(shape.length))];
  if (pads.length !== 2 * axes.length) {
    call.fail(`pads ${shapeText(shape)} by ${pads.length} values instead of ${2 * axes.length}`);
  }
  const result = [...shape];
  axes.forEach((stated, i) => {
    const axis = call.axis(stated, shape.length);
    result[axis] = plusDim(result[axis]!, plusDim(pads[i]!, pads[i + axes.length]!));
  });
  return [typed(call.dataType(0), result)];
};

/** [rank, count], the count known only when it runs. */
const nonZero: ShapeRule = (call) => [typed('int64', [call.shape(0)?.length ?? null, null])];

const compress: ShapeRule = (call) => {
  const shape = call.shape(0);
  if (!call.node.attributes.has('axis')) return [typed(call.dataType(0), [null])];
  if (shape === null) return [typed(call.dataType(0), null)];
  const axis = call.axis(call.int('axis', 0), shape.length);
  return [
    typed(
      call.dataType(0),
      shape.map((dim, i) => (i === axis ? null : dim)),
    ),
  ];
};

const unique: ShapeRule = (call) => {
  const shape = call.shape(0);
  const hasAxis = call.node.attributes.has('axis');
  const axis = shape === null || !hasAxis ? 0 : call.axis(call.int('axis', 0), shape.length);
  const values: Shape | null = hasAxis ? (shape?.map((dim, i) => (i === axis ? null : dim)) ?? null) : [null];
  const indices = typed('int64', [null]);
  return [typed(call.dataType(0), values), indices, indices, indices];
};

export const indexing: RuleTable = {
  Gather: gather,
  GatherElements: (call) => [typed(call.dataType(0), call.shape(1))],
  GatherND: gatherND,
  Scatter: same,
  ScatterElements: same,
  ScatterND: same,
  TensorScatter: same,
  Slice: slice,
  Split: split,
  Pad: pad,
  NonZero: nonZero,
  Compress: compress,
  Unique: unique,
  NonMaxSuppression: () => [typed('int64', [null, 3])],
  StringNormalizer: (call) => [
    typed('string', call.shape(0)?.map((_, i, all) => (i < all.length - 1 ? 1 : null)) ?? null),
  ],
};
