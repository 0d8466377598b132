import type { Axes, Axis } from '../labels.js';
import { type AxisRule, type NodeCall, positive } from '../node-call.js';

/** Sums, means and the like over some axes. */
export const reduction: AxisRule = (call) => {
  const x = call.axes(0);
  const axes = call.ints(1, 'axes');
  if (x === null || axes === null) return call.freezeAll(`${call.title} reduces axes that are only known at run time`);
  const isNoop = (axes ?? []).length === 0 && call.int('noop_with_empty_axes', 0) !== 0;
  const stated = axes === undefined || axes.length === 0 ? x.map((_, i) => i) : axes;
  return [reduced(call, x, new Set(isNoop ? [] : stated.map((axis) => positive(axis, x.length))))];
};

export const argReduction: AxisRule = (call) => {
  const x = call.axes(0);
  if (x === null) return call.freezeAll(`${call.title} reads a value whose shape is not known`);
  return [reduced(call, x, new Set([positive(call.int('axis', 0), x.length)]))];
};

function reduced(call: NodeCall, x: readonly Axis[], gone: ReadonlySet<number>): Axes {
  for (const axis of gone) call.freezeAxis(x[axis], overAll(call));
  if (call.int('keepdims', 1) === 0) return x.filter((_, i) => !gone.has(i));
  return x.map((axis, i) => (gone.has(i) ? [call.flow.labels.frozen(overAll(call))] : axis));
}

/** Normalizes over one axis; before operator set 13 over that axis and all behind it. */
export const softmax: AxisRule = (call) => {
  const x = call.axes(0);
  if (x === null) return call.freezeAll(overAll(call));
  const axis = positive(call.int('axis', call.opset < 13 ? 1 : -1), x.length);
  for (const each of call.opset < 13 ? x.slice(axis) : [x[axis]]) call.freezeAxis(each, overAll(call));
  return [x];
};

/** Normalizes over an axis and all behind it. */
export const layerNormalization: AxisRule = (call) => {
  const x = call.axes(0);
  if (x === null) return call.freezeAll(overAll(call));
  const axis = positive(call.int('axis', -1), x.length);
  for (const each of x.slice(axis)) call.freezeAxis(each, overAll(call));
  return call.node.outputs.map((_, i) =>
    i === 0 ? x : x.map((each, a) => (a < axis ? each : [call.flow.labels.frozen(overAll(call))])),
  );
};

/** Every channel of the output depends on several of the input. */
export const overChannels: AxisRule = (call) => call.freezeAll(overAll(call));

/** Integers stand for the numbers: where a channel begins is written in more places than Lathe follows. */
export const quantized: AxisRule = (call) =>
  call.freezeAll(`${call.title} makes the model a quantized one: remove channels before quantizing`);

function overAll(call: NodeCall): string {
  return `${call.title} computes over all of them together`;
}
