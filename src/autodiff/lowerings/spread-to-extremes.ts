import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { div, mul, reduceSum } from '../emit.js';

export interface ExtremesProblem {
  readonly x: Value;
  /** The largest or smallest elements over `axes`, with those axes kept as 1. */
  readonly y: Value;
  readonly dy: Value;
  readonly axes: readonly number[];
}

/** dy at the elements of x that equal y, in equal shares where several do. */
export function spreadToExtremes(b: GraphBuilder, { x, y, dy, axes }: ExtremesProblem): Value {
  const hits = b.op('Cast', [b.op('Equal', [x, y])], { to: 1 });
  const count = reduceSum(b, hits, axes, true);
  return mul(b, hits, div(b, dy, count));
}
