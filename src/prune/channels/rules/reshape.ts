import type { Dim } from '../../../onnx/ir.js';
import { type Axis, MOST_CHANNELS } from '../labels.js';
import { type AxisRule, type NodeCall, positive } from '../node-call.js';
import { type Element, elementsAt } from '../shape-values.js';
import { nameSizes } from './windows.js';

export const flatten: AxisRule = (call) => {
  const x = call.axes(0);
  const shape = call.shape(0);
  if (x === null || shape === null) return call.freezeAll(`${call.title} reads a value whose shape is not known`);
  const axis = positive(call.int('axis', 1), x.length);
  const sizes = sizesOf(call, x, shape);
  return [[joined(call, x.slice(0, axis), sizes.slice(0, axis)), joined(call, x.slice(axis), sizes.slice(axis))]];
};

/** Axes are joined, or stay; which is which follows from the sizes, since elements keep their order. */
export const reshape: AxisRule = (call) => {
  const x = call.axes(0);
  const shape = call.shape(0);
  const elements = call.has(1) ? elementsAt(call, 1) : undefined;
  if (x === null || shape === null || elements === undefined || call.int('allowzero', 0) !== 0) {
    return call.freezeAll(`${call.title} computes its shape`);
  }
  const sizes = sizesOf(call, x, shape);
  const inferred = call.flow.shapeOf(call.node.outputs[0]!);
  const target = elements.map((element, i): Size => {
    if ('axis' in element) {
      const source = x.indexOf(element.axis);
      return source >= 0 ? sizes[source]! : (inferred?.[i] ?? null);
    }
    if (element.number === 0) return sizes[i] ?? null;
    return element.number === -1 ? null : element.number;
  });
  const free = elements.findIndex((element) => 'number' in element && element.number === -1);
  if (free >= 0)
    target[free] = leftOver(
      sizes,
      target.filter((_, i) => i !== free),
    );
  const output = regrouped(call, x, sizes, target);
  if (output === null) return call.freezeAll(`${call.title} splits their axis, or mixes it with others`);
  elements.forEach((element, i) => {
    if ('number' in element && element.number === 0) call.tie(output[i], x[i]);
  });
  nameSizes(
    call,
    1,
    output.map((axis, i) => (isStated(elements[i]!) ? axis : [])),
    call.constant(1) ?? constantShape(elements, x),
  );
  return [output];
};

/**
 * A constant for a shape that is computed only because exporters read the batch from the graph, and what stays as it was: 0 copies a
 * length. Undefined where it takes lengths from other places.
 */
function constantShape(elements: readonly Element[], x: readonly Axis[]): readonly number[] | undefined {
  if (!elements.every((element, i) => 'number' in element || element.axis === x[i])) return undefined;
  return elements.map((element) => ('number' in element ? element.number : 0));
}

/** Whether an entry of a shape says how long the axis is; 0 copies the length and -1 takes what is left. */
function isStated(element: Element): boolean {
  return 'axis' in element || element.number > 0;
}

/** A size, or a name for one that is not known; null where not even that much is. */
type Size = number | string | null;

function sizesOf(call: NodeCall, x: readonly Axis[], shape: readonly Dim[]): Size[] {
  return x.map((axis, i) => call.sizeOf(axis, 0, i) ?? shape[i] ?? `?${i}`);
}

/** What -1 stands for, if it is a number or one of the named sizes. */
function leftOver(sizes: readonly Size[], rest: readonly Size[]): Size {
  const names = sizes.filter((size) => typeof size === 'string');
  let product = sizes.reduce<number>((all, size) => (typeof size === 'number' ? all * size : all), 1);
  for (const size of rest) {
    if (typeof size === 'number') product /= size;
    else if (names.includes(size ?? '')) names.splice(names.indexOf(size as string), 1);
    else return null;
  }
  if (names.length === 0) return Number.isInteger(product) ? product : null;
  return names.length === 1 && product === 1 ? names[0]! : null;
}

/**
 * The axes of the output: runs of axes with equal products belong to each other. Null where
 * they cannot be told apart.
 */
function regrouped(call: NodeCall, x: readonly Axis[], sizes: readonly Size[], target: readonly Size[]): Axis[] | null {
  const output: Axis[] = [];
  let [from, to] = [0, 0];
  while (from < x.length || to < target.length) {
    const [first, start] = [from, to];
    [from, to] = runEnd(sizes, target, from, to);
    if (from === first && to === start) return null;
    output.push(...oneRun(call, x.slice(first, from), sizes.slice(first, from), target.slice(start, to)));
  }
  return output;
}

/** Where the run that begins at these two places ends; the same places if it never does. */
function runEnd(sizes: readonly Size[], target: readonly Size[], first: number, start: number): [number, number] {
  let [from, to] = [first, start];
  if (from < sizes.length && sizes[from] === target[to]) return [from + 1, to + 1];
  if (target[to] === null) {
    // A size that is not known takes all axes but those that the sizes behind it are for.
    const rest = target.slice(to + 1);
    const end = sizes.length - rest.length;
    return end > from && rest.every((size, i) => size === sizes[end + i]) ? [end, to + 1] : [first, start];
  }
  let [before, after] = [1, 1];
  do {
    const [left, right] = [sizes[from], target[to]];
    if ((before <= after || right === undefined) && typeof left === 'number')
      [before, from] = [before * left, from + 1];
    else if (typeof right === 'number') [after, to] = [after * right, to + 1];
    else return [first, start];
  } while (before !== after);
  return [from, to];
}

function oneRun(call: NodeCall, inputs: readonly Axis[], sizes: readonly Size[], outputs: readonly Size[]): Axis[] {
  const wide = outputs.filter((size) => size !== 1);
  const fixed = () => [call.flow.labels.frozen(`${call.title} adds their axis`)];
  if (wide.length === 0 && outputs.length <= 1) return outputs.map(() => joined(call, inputs, sizes));
  if (wide.length === 0) return outputs.map(fixed);
  if (wide.length === 1) return outputs.map((size) => (size === 1 ? fixed() : joined(call, inputs, sizes)));
  const own = inputs.filter((_, i) => sizes[i] !== 1);
  if (own.length === 1 && typeof own[0] !== 'number' && wide.every((size) => typeof size === 'number')) {
    return split(call, own[0]!, outputs as readonly number[]);
  }
  const reason = `${call.title} splits and mixes their axis`;
  for (const axis of inputs) call.freezeAxis(axis, reason);
  return outputs.map((size) => call.flow.frozenAxis(typeof size === 'number' ? size : null, reason));
}

/** Several axes for one: the first of them has the channels, each of which is all that lies behind it; heads of attention, for instance. */
function split(call: NodeCall, axis: readonly number[], outputs: readonly number[]): Axis[] {
  const first = outputs.findIndex((size) => size !== 1);
  const inner = axis.length / outputs[first]!;
  const whole = axis.filter((_, i) => i % inner === 0);
  axis.forEach((label, i) => {
    call.tieLabels(label, whole[Math.floor(i / inner)]!);
  });
  return outputs.map((size, i) =>
    i === first ? whole : call.flow.frozenAxis(size, `${call.title} splits their axis`),
  );
}

/** One axis for several in row-major order: each index goes with the channel that it comes from. */
function joined(call: NodeCall, axes: readonly Axis[], sizes: readonly Size[]): Axis {
  const { flow } = call;
  const wide = axes.flatMap((axis, i) => (sizes[i] === 1 ? [] : [{ axis, size: sizes[i]! }]));
  if (wide.length === 1) return wide[0]!.axis;
  if (wide.length === 0) return axes[0] ?? [flow.labels.frozen(`${call.title} adds their axis`)];
  const total = wide.reduce((all, { size }) => all * (typeof size === 'number' ? size : Number.NaN), 1);
  const isFree = (axis: Axis) =>
    typeof axis !== 'number' && axis.some((label) => flow.labels.reasonOf(label) === undefined);
  const at = wide.findIndex(({ axis }) => isFree(axis));
  const isAlone = at >= 0 && wide.slice(at + 1).every(({ axis }) => !isFree(axis));
  if (!isAlone || !(total <= MOST_CHANNELS)) {
    const reason = `${call.title} joins them with ${isAlone ? 'too much else' : 'other channels'}`;
    for (const { axis } of wide) call.freezeAxis(axis, reason);
    return flow.frozenAxis(Number.isNaN(total) ? null : total, reason);
  }
  const labels = wide[at]!.axis as readonly number[];
  const inner = wide.slice(at + 1).reduce((all, { size }) => all * (size as number), 1);
  return Array.from({ length: total }, (_, i) => labels[Math.floor(i / inner) % labels.length]!);
}
