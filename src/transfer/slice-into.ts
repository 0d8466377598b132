import type { Tensor } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';

/**
 * The target with the leading block that both tensors have: index [0..min(a, b)) along every axis comes from the source, the rest
 * stays as in the target. Null if their ranks differ or the block is empty.
 */
export function sliceInto(source: Tensor, target: Tensor): { tensor: Tensor; block: readonly number[] } | null {
  if (source.dims.length !== target.dims.length) return null;
  const block = source.dims.map((dim, axis) => Math.min(dim, target.dims[axis]!));
  if (sizeOf(block) === 0) return null;
  const elementBytes = target.bytes.length / sizeOf(target.dims);
  const bytes = target.bytes.slice();
  const row = block.at(-1)! * elementBytes;
  const outer = block.slice(0, -1);
  for (let i = 0; i < sizeOf(outer); i++) {
    const index = indexOf(i, outer);
    const from = offsetOf(index, source.dims) * elementBytes;
    bytes.set(source.bytes.subarray(from, from + row), offsetOf(index, target.dims) * elementBytes);
  }
  return { tensor: { ...target, bytes }, block };
}

/** The position along each axis of the i-th element of a shape. */
function indexOf(i: number, dims: readonly number[]): number[] {
  const index = new Array<number>(dims.length);
  let rest = i;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    index[axis] = rest % dims[axis]!;
    rest = Math.floor(rest / dims[axis]!);
  }
  return index;
}

/** Flat offset of the row that starts at [...index, 0]. */
function offsetOf(index: readonly number[], dims: readonly number[]): number {
  let offset = 0;
  for (let axis = 0; axis < dims.length; axis++) offset = offset * dims[axis]! + (index[axis] ?? 0);
  return offset;
}
