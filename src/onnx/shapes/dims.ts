import type { Dim } from '../ir.js';
import type { Call } from './rule.js';

export type Shape = readonly Dim[];

/** [2, N, ?] */
export function shapeText(shape: Shape | null): string {
  return shape === null ? 'of unknown rank' : `[${shape.map((dim) => dim ?? '?').join(', ')}]`;
}

/** a · b; a symbol survives a factor of 1. */
export function timesDim(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a * b;
  if (a === 0 || b === 0) return 0;
  if (a === 1) return b;
  return b === 1 ? a : null;
}

export function productOf(dims: Shape): Dim {
  return dims.reduce<Dim>(timesDim, 1);
}

/** a + b; a symbol survives a zero. */
export function plusDim(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (a === 0) return b;
  return b === 0 ? a : null;
}

/** What two statements about one dimension say together; a number says most. */
export function mergeDim(a: Dim, b: Dim): Dim {
  if (typeof a === 'number') return a;
  if (typeof b === 'number') return b;
  return a ?? b;
}

/** What two statements about one shape say together. Ranks that differ: the first. */
export function mergeShape(a: Shape | null, b: Shape | null): Shape | null {
  if (a === null) return b;
  if (b === null || a.length !== b.length) return a;
  return a.every((dim, i) => mergeDim(dim, b[i]!) === dim) ? a : a.map((dim, i) => mergeDim(dim, b[i]!));
}

/** The shape of elementwise operations on several inputs, by numpy's rules. Fails on sizes that differ. */
export function broadcast(call: Call, shapes: readonly (Shape | null)[]): Shape | null {
  let result: Shape | null = [];
  for (const shape of shapes) {
    if (shape === null) return null;
    result = broadcastTwo(call, result, shape);
  }
  return result;
}

export function broadcastTwo(call: Call, a: Shape, b: Shape): Shape {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const rank = Math.max(a.length, b.length);
  const result: Dim[] = new Array(rank);
  for (let i = 0; i < rank; i++) {
    const da = i < rank - a.length ? 1 : a[i - rank + a.length]!;
    const db = i < rank - b.length ? 1 : b[i - rank + b.length]!;
    if (da === db || db === 1) result[i] = da;
    else if (da === 1) result[i] = db;
    else if (typeof da === 'number' && typeof db === 'number') {
      call.fail(`cannot broadcast ${shapeText(a)} with ${shapeText(b)}`);
    } else if (typeof da === 'number') result[i] = da;
    else result[i] = typeof db === 'number' ? db : null;
  }
  return result;
}

/** A shape of this rank about whose sizes nothing is known. */
export function unknownShape(rank: number): Dim[] {
  return new Array<Dim>(Math.max(rank, 0)).fill(null);
}

/** The same where the rank is what another tensor is long; null if it is open, or no rank: a file can state any length. */
export function shapeOfRank(rank: Dim | undefined): Dim[] | null {
  return typeof rank === 'number' && rank <= MOST_DIMENSIONS ? unknownShape(rank) : null;
}

/** More than any operator of onnxruntime takes. */
const MOST_DIMENSIONS = 64;
