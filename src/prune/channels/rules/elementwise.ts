import type { Axes, Axis } from '../labels.js';
import type { AxisRule, NodeCall } from '../node-call.js';

/** Computes each element from the one at the same place; further inputs are scalars. */
export const sameAxes: AxisRule = (call) => call.node.outputs.map(() => call.axes(0));

/** Computes from the elements at the same place of all inputs, by numpy's rules: what is added is tied. */
export const broadcast: AxisRule = (call) => {
  if (call.node.attributes.has('broadcast')) {
    return call.freezeAll(`${call.title} broadcasts as before operator set 7`);
  }
  const inputs = call.node.inputs.map((_, index) => call.axes(index));
  if (inputs.includes(null)) return call.freezeAll(`${call.title} reads a value whose shape is not known`);
  return [broadcastAxes(call, inputs as readonly (readonly Axis[])[])];
};

/** @param inputs by position of the node's inputs */
export function broadcastAxes(call: NodeCall, inputs: readonly (readonly Axis[])[]): Axes {
  const rank = Math.max(...inputs.map((axes) => axes.length));
  return Array.from({ length: rank }, (_, i) => {
    const present = inputs.flatMap((axes, index) => {
      const position = i - (rank - axes.length);
      return position < 0 ? [] : [{ axis: axes[position]!, size: call.sizeOf(axes[position]!, index, position) }];
    });
    const repeated = present.filter(({ size }) => size !== 1);
    const full = repeated.length === 0 ? present : repeated;
    for (const { axis } of full.slice(1)) call.tie(full[0]!.axis, axis);
    return (full.find(({ axis }) => typeof axis !== 'number') ?? full[0]!).axis;
  });
}

/** Normalizes each channel by itself, with vectors of one number a channel. */
export const perChannel: AxisRule = (call) => {
  const axes = call.axes(0);
  const channels = axes?.[1];
  if (axes === null || channels === undefined) return call.freezeAll(`${call.title} has an input of unknown rank`);
  const vectors = call.node.inputs.slice(1).map((_, i) => call.axes(i + 1));
  if (vectors.includes(null)) return call.freezeAll(`${call.title} reads a value whose shape is not known`);
  for (const vector of vectors) call.tie(channels, vector?.[0]);
  return call.node.outputs.map((_, index) => (index === 0 ? axes : [channels]));
};
