import { MOST_CHANNELS } from '../labels.js';
import { type AxisRule, positive } from '../node-call.js';

export const transpose: AxisRule = (call) => {
  const x = call.axes(0);
  if (x === null) return call.freezeAll(`${call.title} reads a value whose shape is not known`);
  const perm = call.node.attributes.get('perm');
  const order = perm?.type === 'ints' ? perm.value : x.map((_, i) => x.length - 1 - i);
  return [order.map((axis) => x[axis]!)];
};

/** As good as a constant, written down by its shape: its channels go with what it is joined to. */
export const constantOfShape: AxisRule = (call) => {
  const sizes = call.constant(0);
  if (sizes === undefined || sizes.some((size) => size < 0 || size > MOST_CHANNELS))
    return call.freezeAll(`${call.title} computes its shape`);
  const axes = sizes.map((size) => call.flow.labels.fresh(size));
  call.edit((node) => {
    if (axes.some((axis) => node.shrinks(axis)))
      node.setInput(
        0,
        axes.map((axis) => node.count(axis)),
      );
  });
  return [axes];
};

export const squeeze: AxisRule = (call) => {
  const x = call.axes(0);
  const axes = call.ints(1, 'axes');
  // Without axes a single channel that is left would be squeezed away as well.
  if (x === null || axes === null || axes === undefined) return call.freezeAll(`${call.title} does not say which axes`);
  const gone = new Set(axes.map((axis) => positive(axis, x.length)));
  return [x.filter((_, i) => !gone.has(i))];
};

export const unsqueeze: AxisRule = (call) => {
  const x = call.axes(0);
  const axes = call.ints(1, 'axes');
  if (x === null || axes === null || axes === undefined) return call.freezeAll(`${call.title} does not say which axes`);
  const rank = x.length + axes.length;
  const added = new Set(axes.map((axis) => positive(axis, rank)));
  const rest = x.values();
  return [
    Array.from({ length: rank }, (_, i) =>
      added.has(i) ? [call.flow.labels.frozen(`${call.title} adds their axis`)] : rest.next().value!,
    ),
  ];
};
