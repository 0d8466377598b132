import { zeroDropped } from './engine/engine.js';
import type { FlatLayout } from './flat.js';
import type { Masks } from './request.js';

/** One byte per trained element: the masks of all tensors in the layout, 1 for a tensor without one. */
export function flatMasks(layout: FlatLayout, masks: Masks): Uint8Array {
  const keep = new Uint8Array(layout.size).fill(1);
  for (const { name, offset, size } of layout.entries) {
    const mask = masks.get(name);
    if (mask === undefined) continue;
    if (mask.length !== size)
      throw new Error(`internal: the mask of "${name}" has ${mask.length} elements, not ${size}`);
    keep.set(mask, offset);
  }
  return keep;
}

/** Sets what the masks drop to +0. */
export function zeroMasked(layout: FlatLayout, parameters: Float32Array, masks: Masks): void {
  zeroDropped(parameters, flatMasks(layout, masks));
}
