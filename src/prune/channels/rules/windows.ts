import { stringAttribute } from '../../../onnx/ir.js';
import { type Axis, MOST_CHANNELS } from '../labels.js';
import { type AxisRule, type NodeCall, positive } from '../node-call.js';
import { elementsAt } from '../shape-values.js';

/** Pools each channel over windows, or over all places. */
export const pool: AxisRule = (call) => {
  const x = call.axes(0);
  if (x === null) return call.freezeAll(`${call.title} reads a value whose shape is not known`);
  if ((call.node.outputs[1] ?? '') !== '') {
    return call.freezeAll(`${call.title} gives out indices, which count through all channels`);
  }
  return [spatial(call, x, (i) => i >= 2)];
};

/** Adds a border. One of channels, which hold a constant, goes with what it is joined to, like a constant. */
export const pad: AxisRule = (call) => {
  const x = call.axes(0);
  const pads = call.ints(1, call.opset < 2 ? 'paddings' : 'pads');
  const stated = call.has(3) ? call.constant(3) : x?.map((_, i) => i);
  if (x === null || pads === null || pads === undefined || stated === undefined) {
    return call.freezeAll(`${call.title} has a border that is only known at run time`);
  }
  const axes = stated.map((axis) => positive(axis, x.length));
  const borders = axes.map((axis, i) => ({ axis, before: pads[i]!, after: pads[i + axes.length]! }));
  const { labels } = call.flow;
  const grown = borders.filter(({ axis, before, after }) => {
    const own = x[axis]!;
    const isFree = typeof own !== 'number' && own.some((label) => labels.reasonOf(label) === undefined);
    return (
      isFree && stringAttribute(call.node, 'mode', 'constant') === 'constant' && isBorder(before) && isBorder(after)
    );
  });
  const added = new Map(
    grown.map(({ axis, before, after }) => [axis, [labels.fresh(before), labels.fresh(after)] as const]),
  );
  const padded = borders.filter(({ axis, before, after }) => !added.has(axis) && (before !== 0 || after !== 0));
  const output = spatial(call, x, (i) => padded.some(({ axis }) => axis === i));
  for (const [axis, [before, after]] of added) output[axis] = [...before, ...(x[axis] as readonly number[]), ...after];
  call.edit((node) => {
    if (![...added.values()].some((border) => border.some((part) => node.shrinks(part)))) return;
    const count = (part: 0 | 1) => (axis: number, i: number) =>
      added.has(axis) ? node.count(added.get(axis)![part]) : pads[i + part * axes.length]!;
    const kept = [...axes.map(count(0)), ...axes.map(count(1))];
    if (call.has(1)) node.setInput(1, kept);
    else node.setInts(call.opset < 2 ? 'paddings' : 'pads', kept);
  });
  return [output];
};

/** What is cut off has no labels to give. */
function isBorder(width: number): boolean {
  return width >= 0 && width <= MOST_CHANNELS;
}

/** Enlarges or shrinks height and width; scales and sizes stand in inputs. */
export const resize: AxisRule = (call) => {
  const x = call.axes(0);
  const shape = call.flow.shapeOf(call.node.outputs[0]!);
  if (x === null) return call.freezeAll(`${call.title} reads a value whose shape is not known`);
  const stated = call.node.attributes.get('axes');
  const axes = stated?.type === 'ints' ? stated.value.map((axis) => positive(axis, x.length)) : x.map((_, i) => i);
  // Since operator set 11: data, region, scales, sizes. Before: data, scales.
  const sizes = call.opset >= 11 && call.has(3) ? elementsAt(call, 3) : undefined;
  if (call.opset >= 11 && call.has(3) && sizes === undefined) {
    return call.freezeAll(`${call.title} computes its sizes`);
  }
  const isResized = (i: number) => {
    const size = call.sizeOf(x[i]!, 0, i);
    return axes.includes(i) && (size === null || shape?.[i] !== size);
  };
  const output = spatial(call, x, isResized);
  if (sizes !== undefined)
    nameSizes(
      call,
      3,
      axes.map((axis) => output[axis]!),
    );
  return [output];
};

/**
 * Has the numbers rewritten by which a vector of sizes names channels. In one that is computed they cannot be: such axes are frozen.
 * @param numbers what may take the vector's place once channels are gone; default: itself, if it is constant
 */
export function nameSizes(
  call: NodeCall,
  input: number,
  axes: readonly Axis[],
  numbers: readonly number[] | undefined = call.constant(input),
): void {
  const elements = elementsAt(call, input) ?? [];
  axes.forEach((axis, i) => {
    const element = elements[i];
    if (element === undefined) call.freezeAxis(axis, `${call.title} computes how many there are`);
    else if ('axis' in element) call.tie(axis, element.axis);
    else if (numbers === undefined && element.number > 0) {
      call.freezeAxis(axis, `they are named by number in a shape that ${call.title} computes`);
    }
  });
  if (numbers === undefined) return;
  call.edit((node) => {
    if (!axes.some((axis) => node.shrinks(axis))) return;
    const sizes = numbers.map((number, i) => {
      const axis = axes[i];
      return number > 0 && axis !== undefined && typeof axis !== 'number' ? node.count(axis) : number;
    });
    node.setInput(input, sizes);
  });
}

/** The axes of an output of which some are not the input's. */
function spatial(call: NodeCall, x: readonly Axis[], isChanged: (axis: number) => boolean): Axis[] {
  const reason = `${call.title} changes the length of their axis`;
  const frozen = call.flow.frozenAxes(call.node.outputs[0]!, reason);
  return x.map((axis, i) => {
    if (!isChanged(i)) return axis;
    call.freezeAxis(axis, reason);
    return frozen?.[i] ?? call.fixed(reason);
  });
}
