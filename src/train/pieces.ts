import { sizeOf } from '../onnx/tensor.js';
import type { Slice } from './engine/program.js';
import type { FlatLayout } from './flat.js';

/**
 * The order in which tensors lie in flat vectors: those that travel alone first, so that all others lie, and are updated, together.
 */
export function largeFirst<T extends { readonly dims: readonly number[] }>(tensors: readonly T[]): T[] {
  const isLarge = ({ dims }: T) => sizeOf(dims) >= LARGE;
  return [...tensors.filter(isLarge), ...tensors.filter((tensor) => !isLarge(tensor))];
}

/**
 * The parts in which flat vectors travel through a run of several steps: each large tensor on its own, so that no step has to
 * cut it out of a vector or put it back, and what lies between them together.
 */
export function piecesOf({ entries, size }: FlatLayout): Slice[] {
  const bounds = new Set([0, size]);
  for (const entry of entries) {
    if (entry.size < LARGE) continue;
    bounds.add(entry.offset);
    bounds.add(entry.offset + entry.size);
  }
  const sorted = [...bounds].sort((a, b) => a - b);
  return sorted.slice(1).map((end, i) => ({ start: sorted[i]!, end }));
}

/** Floats. Cutting out fewer costs less than an update of their own. */
const LARGE = 8192;
