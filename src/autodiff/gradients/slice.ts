import { constantInts } from '../constants.js';
import { dimsOf } from '../emit.js';
import { placeAlong } from '../lowerings/place-along.js';
import { defineGradient } from '../rule.js';

/** The gradient back at the positions it was cut from, zeros elsewhere. */
export const sliceGradient = defineGradient({
  opType: 'Slice',
  inputs: ['data', 'starts', 'ends', 'axes?', 'steps?'],
  outputs: ['output'],
  gradient({ b, node, data, starts, axes, steps, output, dOutput }) {
    const dims = dimsOf(data);
    const from = constantInts(b, node, starts);
    const along = axes === null ? from.map((_, index) => index) : constantInts(b, node, axes);
    const step = steps === null ? from.map(() => 1) : constantInts(b, node, steps);
    let placed = dOutput;
    along.forEach((signed, index) => {
      const axis = (signed + dims.length) % dims.length;
      const size = dims[axis]!;
      const stride = step[index]!;
      const wrapped = from[index]! < 0 ? from[index]! + size : from[index]!;
      // Starts beyond the end are clamped by the operator itself.
      const start = Math.max(0, Math.min(wrapped, stride > 0 ? size : size - 1));
      placed = placeAlong(b, placed, { axis, start, step: stride, count: dimsOf(output)[axis]!, size });
    });
    return { data: placed, starts: null, ends: null, axes: null, steps: null };
  },
});
