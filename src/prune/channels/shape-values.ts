import type { Axis } from './labels.js';
import { type NodeCall, positive } from './node-call.js';

/** One entry of a vector of sizes: the length that an axis has at run time, or a number that stands in the model. */
export type Element = { readonly axis: Axis } | { readonly number: number };

/**
 * Follows sizes of axes through the operators that exporters write between Shape and Reshape or Resize: the contents of the
 * node's first output, or undefined if the node is none of these. A size that is reckoned with in any other way is not followed.
 */
export function shapeElements(call: NodeCall): readonly Element[] | undefined {
  switch (call.node.opType) {
    case 'Shape':
      return shape(call);
    case 'Cast':
    case 'Identity':
    case 'Squeeze':
    case 'Unsqueeze':
      return elementsAt(call, 0);
    case 'Gather':
      return gather(call);
    case 'Slice':
      return slice(call);
    case 'Concat':
      return concat(call);
    default:
      return undefined;
  }
}

/** The contents of an input: followed, or constant. */
export function elementsAt(call: NodeCall, index: number): readonly Element[] | undefined {
  const known = call.flow.elements.get(call.node.inputs[index] ?? '');
  if (known !== undefined || (call.shape(index)?.length ?? 2) > 1) return known;
  return call.constant(index)?.map((number) => ({ number }));
}

function shape(call: NodeCall): readonly Element[] | undefined {
  const axes = call.axes(0);
  if (axes === null) return undefined;
  const start = positive(call.int('start', 0), axes.length);
  const end = positive(call.int('end', axes.length), axes.length);
  return axes.slice(start, end).map((axis) => ({ axis }));
}

function gather(call: NodeCall): readonly Element[] | undefined {
  const data = elementsAt(call, 0);
  const indices = call.constant(1);
  if (data === undefined || indices === undefined) return undefined;
  const taken = indices.map((index) => data[positive(index, data.length)]);
  return taken.every((element) => element !== undefined) ? taken : undefined;
}

function slice(call: NodeCall): readonly Element[] | undefined {
  const data = elementsAt(call, 0);
  const bounds = [call.ints(1, 'starts'), call.ints(2, 'ends'), call.ints(4, 'steps') ?? [1]];
  if (data === undefined || bounds.some((bound) => bound?.length !== 1) || bounds[2]![0] !== 1) return undefined;
  return data.slice(bounds[0]![0], bounds[1]![0]);
}

function concat(call: NodeCall): readonly Element[] | undefined {
  const parts = call.node.inputs.map((_, index) => elementsAt(call, index));
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}
