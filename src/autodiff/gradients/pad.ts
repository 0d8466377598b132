import { stringAttribute } from '../../onnx/ir.js';
import { constantInts } from '../constants.js';
import { dimsOf, pad as padOrCrop } from '../emit.js';
import { type AxisMap, applyTransposed } from '../lowerings/axis-map.js';
import { defineGradient } from '../rule.js';

/** Cuts the padding off again; in the modes that repeat elements, their copies' gradients are added to them. */
export const padGradient = defineGradient({
  opType: 'Pad',
  inputs: ['data', 'pads', 'constant_value?', 'axes?'],
  outputs: ['output'],
  gradient({ b, node, data, pads, axes, dOutput }) {
    const dims = dimsOf(data);
    const amounts = constantInts(b, node, pads);
    const along = axes === null ? dims.map((_, axis) => axis) : constantInts(b, node, axes);
    const begin = dims.map(() => 0);
    const end = dims.map(() => 0);
    along.forEach((signed, index) => {
      const axis = (signed + dims.length) % dims.length;
      begin[axis] = amounts[index]!;
      end[axis] = amounts[index + along.length]!;
    });
    const others = { pads: null, constant_value: null, axes: null };
    const mode = stringAttribute(node, 'mode', 'constant');
    if (mode === 'constant') {
      return { data: padOrCrop(b, dOutput, { begin: begin.map(negated), end: end.map(negated) }), ...others };
    }
    const maps: AxisMap[] = dims.flatMap((size, axis) =>
      begin[axis] === 0 && end[axis] === 0 ? [] : [{ axis, rows: repeats(size, begin[axis]!, end[axis]!, mode) }],
    );
    return { data: applyTransposed(b, dOutput, maps), ...others };
  },
});

function negated(amount: number): number {
  return amount === 0 ? 0 : -amount;
}

/** One row per padded position, with a 1 at the element that it repeats. */
function repeats(size: number, begin: number, end: number, mode: string): number[][] {
  return Array.from({ length: begin + size + end }, (_, position) => {
    const row = new Array<number>(size).fill(0);
    row[source(position - begin, size, mode)] = 1;
    return row;
  });
}

function source(at: number, size: number, mode: string): number {
  if (mode === 'edge') return Math.min(Math.max(at, 0), size - 1);
  if (mode === 'wrap') return ((at % size) + size) % size;
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const phase = ((at % period) + period) % period;
  return phase < size ? phase : period - phase;
}
