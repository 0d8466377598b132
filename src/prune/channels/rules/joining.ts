import type { Axis } from '../labels.js';
import { type AxisRule, type NodeCall, positive } from '../node-call.js';

/** One behind the other along one axis; along the others the same. */
export const concat: AxisRule = (call) => {
  const inputs = call.node.inputs.map((_, index) => call.axes(index));
  const rank = inputs[0]?.length;
  if (rank === undefined || inputs.some((axes) => axes?.length !== rank)) {
    return call.freezeAll(`${call.title} reads a value whose shape is not known`);
  }
  const values = inputs as readonly (readonly Axis[])[];
  const along = positive(call.int('axis', 1), rank);
  return [
    values[0]!.map((axis, i) => {
      if (i !== along) {
        for (const value of values.slice(1)) call.tie(axis, value[i]);
        return values.map((value) => value[i]!).find((each) => typeof each !== 'number') ?? axis;
      }
      const parts = values.map((value) => value[i]!);
      if (parts.every((part) => typeof part !== 'number')) return (parts as (readonly number[])[]).flat();
      const reason = `${call.title} joins them with an axis whose length is not known`;
      for (const part of parts) call.freezeAxis(part, reason);
      return call.fixed(reason);
    }),
  ];
};

/** The inverse: its sizes are written down once channels are gone. */
export const split: AxisRule = (call) => {
  const x = call.axes(0);
  const along = positive(call.int('axis', 0), x?.length ?? 0);
  const axis = x?.[along];
  const stated = call.ints(1, 'split');
  if (x === null || axis === undefined || stated === null) return call.freezeAll(`${call.title} computes its sizes`);
  if (typeof axis === 'number') {
    const reason = `${call.title} cuts an axis whose length is not known`;
    call.freezeAxis(axis, reason);
    return call.node.outputs.map(() => x.map((each, i) => (i === along ? call.fixed(reason) : each)));
  }
  const count = call.node.outputs.length;
  // The last part is the smaller one where the parts cannot be equal.
  const sizes = stated ?? new Array<number>(count).fill(Math.ceil(axis.length / count));
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  const parts = sizes.slice(0, count).map((size, i) => axis.slice(starts[i]!, starts[i]! + size));
  call.edit((node) => {
    if (!node.shrinks(axis)) return;
    const kept = parts.map((part) => node.count(part));
    node.node.attributes.delete('num_outputs');
    if (call.opset >= 13) node.setInput(1, kept);
    else node.setInts('split', kept);
  });
  return parts.map((part) => x.map((each, i) => (i === along ? part : each)));
};

/** A contiguous part of some axes; where it begins and ends is counted anew once channels are gone. */
export const slice: AxisRule = (call) => {
  const x = call.axes(0);
  const [starts, ends] = [call.ints(1, 'starts'), call.ints(2, 'ends')];
  const [stated, steps] = [call.ints(3, 'axes'), call.ints(4, 'steps')];
  if (x === null || !starts || !ends || stated === null || steps === null) {
    return call.freezeAll(`${call.title} computes where it cuts`);
  }
  const axes = (stated ?? starts.map((_, i) => i)).map((axis) => positive(axis, x.length));
  const output = [...x];
  axes.forEach((along, i) => {
    output[along] = cut(call, x[along]!, along, { start: starts[i]!, end: ends[i]!, step: steps?.[i] ?? 1 });
  });
  call.edit((node) => {
    if (!axes.some((along) => node.shrinks(x[along]!))) return;
    const bounds = axes.map((along, i) => {
      const axis = x[along]!;
      if (typeof axis === 'number' || !node.shrinks(axis)) return [starts[i]!, ends[i]!] as const;
      const [start, end] = range(axis.length, starts[i]!, ends[i]!);
      return [node.count(axis.slice(0, start)), node.count(axis.slice(0, end))] as const;
    });
    const [first, last] = [bounds.map(([start]) => start), bounds.map(([, end]) => end)];
    if (call.has(1)) {
      node.setInput(1, first);
      node.setInput(2, last);
    } else {
      node.setInts('starts', first);
      node.setInts('ends', last);
    }
  });
  return [output];
};

interface Cut {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

function cut(call: NodeCall, axis: Axis, along: number, { start, end, step }: Cut): Axis {
  const isWhole = step === 1 && start === 0 && end >= MOST;
  if (isWhole) return axis;
  if (step === 1 && typeof axis !== 'number') return axis.slice(...range(axis.length, start, end));
  const reason =
    step === 1
      ? `${call.title} cuts an axis whose length is not known`
      : `${call.title} takes only some of them, in steps of ${step}`;
  call.freezeAxis(axis, reason);
  return call.flow.frozenAxes(call.node.outputs[0]!, reason)?.[along] ?? call.fixed(reason);
}

/** How exporters write "to the end". */
const MOST = 2 ** 31 - 1;

function range(length: number, start: number, end: number): [number, number] {
  const clamp = (bound: number) => Math.min(Math.max(bound < 0 ? bound + length : bound, 0), length);
  return [clamp(start), clamp(end)];
}

/** Picks along one axis, whose channels stay. */
export const gather: AxisRule = (call) => {
  const [data, indices] = [call.axes(0), call.axes(1)];
  if (data === null || indices === null) return call.freezeAll(`${call.title} reads a value whose shape is not known`);
  const along = positive(call.int('axis', 0), data.length);
  call.freezeAxis(data[along], `${call.title} picks some of them by number`);
  for (const axis of indices) call.freezeAxis(axis, `${call.title} uses them as numbers`);
  return [[...data.slice(0, along), ...indices, ...data.slice(along + 1)]];
};
