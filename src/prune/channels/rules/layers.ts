import type { Axes, Axis } from '../labels.js';
import type { AxisRule, NodeCall } from '../node-call.js';
import { broadcastAxes } from './elementwise.js';

/** [N, C, …] with a weight [O, C / groups, …]. */
export const convolution: AxisRule = (call) => {
  const [x, w] = [call.axes(0), call.axes(1)];
  const [channels, filters, inputs] = [x?.[1], w?.[0], w?.[1]];
  if (channels === undefined || !isKnown(filters) || !isKnown(inputs)) return unknownRank(call);
  const groups = call.int('group', 1);
  if (!divides(groups, filters)) return unknownRank(call);
  if (groups > 1 && inputs.length === 1) {
    const multiplier = filters.length / groups;
    filters.forEach((label, o) => {
      call.tieLabels(label, at(channels, Math.floor(o / multiplier)));
    });
    countGroups(call, channels);
  } else {
    // The same place in every group goes at once, so that all groups stay equally large.
    inputs.forEach((label, i) => {
      for (let g = 0; g < groups; g++) call.tieLabels(label, at(channels, g * inputs.length + i));
    });
    tieGroups(call, filters, groups);
  }
  return spatial(call, x!, filters);
};

/** [N, C, …] with a weight [C, O / groups, …]. */
export const transposedConvolution: AxisRule = (call) => {
  const [x, w] = [call.axes(0), call.axes(1)];
  const [channels, inputs, filters] = [x?.[1], w?.[0], w?.[1]];
  if (channels === undefined || !isKnown(filters) || !isKnown(inputs)) return unknownRank(call);
  const groups = call.int('group', 1);
  if (!divides(groups, inputs)) return unknownRank(call);
  call.tie(inputs, channels);
  if (groups > 1 && inputs.length === groups) {
    countGroups(call, channels);
    return spatial(
      call,
      x!,
      inputs.flatMap((label) => filters.map(() => label)),
    );
  }
  tieGroups(call, inputs, groups);
  return spatial(call, x!, new Array<readonly number[]>(groups).fill(filters).flat());
};

/** [M, K] × [K, N] + C, either of them stored transposed. */
export const gemm: AxisRule = (call) => {
  const [a, b] = [call.axes(0), call.axes(1)];
  if (a?.length !== 2 || b?.length !== 2) return unknownRank(call);
  const [m, k] = call.int('transA', 0) !== 0 ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
  const [k2, n] = call.int('transB', 0) !== 0 ? [b[1]!, b[0]!] : [b[0]!, b[1]!];
  call.tie(k, k2);
  const output = [m, n];
  call.flow.outputs.set(call.node, n);
  if (call.has(2)) {
    const c = call.axes(2);
    if (c === null) return call.freezeAll(`${call.title} adds a value whose shape is not known`);
    c.forEach((axis, i) => {
      if (call.sizeOf(axis, 2, i) !== 1) call.tie(output[i + 2 - c.length], axis);
    });
  }
  return [output];
};

/** […, M, K] × […, K, N]; which of the two is the weight does not matter. */
export const matMul: AxisRule = (call) => {
  const [a, b] = [call.axes(0), call.axes(1)];
  if (a === null || b === null || a.length < 2 || b.length < 2) {
    return call.freezeAll(`${call.title} multiplies a vector, or a value whose shape is not known`);
  }
  call.tie(a.at(-1), b.at(-2));
  const batch = broadcastAxes(call, [a.slice(0, -2), b.slice(0, -2)])!;
  const { initializers } = call.flow.model.graph;
  const isLeft = initializers.has(call.node.inputs[0]!) && !initializers.has(call.node.inputs[1]!);
  call.flow.outputs.set(call.node, isLeft ? a.at(-2)! : b.at(-1)!);
  return [[...batch, a.at(-2)!, b.at(-1)!]];
};

function isKnown(axis: Axis | undefined): axis is readonly number[] {
  return axis !== undefined && typeof axis !== 'number';
}

function divides(groups: number, axis: readonly number[]): boolean {
  return groups >= 1 && axis.length % groups === 0;
}

function unknownRank(call: NodeCall): Axes[] {
  return call.freezeAll(`${call.title} reads a value whose shape is not known`);
}

function at(axis: Axis, index: number): number {
  return typeof axis === 'number' ? axis : (axis[index] ?? axis[0]!);
}

/** Each channel is a group of its own: there are as many groups as channels. */
function countGroups(call: NodeCall, channels: Axis): void {
  if (typeof channels !== 'number') call.edit((node) => node.setInt('group', node.count(channels)));
}

function tieGroups(call: NodeCall, labels: readonly number[], groups: number): void {
  const size = labels.length / groups;
  labels.forEach((label, i) => {
    call.tieLabels(label, labels[i % size]!);
  });
}

function spatial(call: NodeCall, x: readonly Axis[], channels: readonly number[]): Axes[] {
  if (call.has(2)) {
    const bias = call.axes(2);
    if (bias === null) return unknownRank(call);
    call.tie(bias[0], channels);
  }
  call.flow.outputs.set(call.node, channels);
  const slid = `${call.title} slides over them`;
  for (const axis of x.slice(2)) call.freezeAxis(axis, slid);
  const output = call.node.outputs[0]!;
  const frozen = call.flow.frozenAxes(output, slid);
  return [[x[0]!, channels, ...x.slice(2).map((_, i) => frozen?.[i + 2] ?? call.fixed(slid))]];
}
