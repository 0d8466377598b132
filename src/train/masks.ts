import type { Model } from '../onnx/ir.js';
import { floatsOf } from '../onnx/tensor.js';
import type { FlatLayout } from './flat.js';
import { trainableParameters } from './parameters.js';
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

/** Masks that keep the zeros a model's weights have now, whoever pruned them. Biases and norms often start at 0: they are left out. */
export function masksFromZeros(model: Model): Map<string, Uint8Array> {
  const masks = new Map<string, Uint8Array>();
  for (const { name, role } of trainableParameters(model)) {
    if (role !== 'weight') continue;
    const weights = floatsOf(model.graph.initializers.get(name)!);
    if (weights.includes(0))
      masks.set(
        name,
        Uint8Array.from(weights, (weight) => (weight === 0 ? 0 : 1)),
      );
  }
  return masks;
}

/** How many elements differ from 0. */
export function countNonzero(values: Float32Array): number {
  let count = 0;
  for (const value of values) if (value !== 0) count++;
  return count;
}

/** How many elements of each named initializer differ from 0. */
export function nonzeroPerTensor(model: Model, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, countNonzero(floatsOf(model.graph.initializers.get(name)!))]));
}
