import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { dimsOf, pad } from '../emit.js';

export interface Placement {
  readonly axis: number;
  /** Where element 0 goes, and the distance to the next; the step may be negative. */
  readonly start: number;
  readonly step: number;
  readonly count: number;
  /** Size of the axis afterwards. */
  readonly size: number;
}

/** x spread along an axis with zeros between and around: what Slice read, put back. */
export function placeAlong(b: GraphBuilder, x: Value, { axis, start, step, count, size }: Placement): Value {
  const zeros = dimsOf(x).map(() => 0);
  if (step === 1 || count === 1) {
    const end = size - start - count;
    return pad(b, x, { begin: zeros.with(axis, start), end: zeros.with(axis, end) });
  }
  // One more element, zero, is what every position reads that nothing goes to.
  const extended = pad(b, x, { begin: zeros, end: zeros.with(axis, 1) });
  const source = new Array<number>(size).fill(count);
  for (let i = 0; i < count; i++) source[start + i * step] = i;
  return b.op('Gather', [extended, b.ints(source)], { axis });
}
