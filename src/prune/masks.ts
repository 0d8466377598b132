import type { Model, Tensor } from '../onnx/ir.js';
import { cloneModel } from '../onnx/ir.js';
import { floatsOf, floatTensor, sizeOf } from '../onnx/tensor.js';

/** Which weights stay, by initializer name: one byte a weight in flat order, 1 = kept, 0 = pruned. */
export type Masks = ReadonlyMap<string, Uint8Array>;

/** A copy of the model whose masked weights are 0 (+0, also where a kept weight was -0); all other bits are unchanged. */
export function applyMasks(model: Model, masks: Masks): Model {
  const pruned = cloneModel(model);
  for (const [name, mask] of masks) {
    const tensor = tensorOf(model, name, mask);
    pruned.graph.initializers.set(name, masked(tensor, floatsOf(tensor).slice(), mask));
  }
  return pruned;
}

/** The same in the memory of the model itself, for one that nobody else has: there is no second copy of its weights. */
export function applyMasksInPlace(model: Model, masks: Masks): void {
  for (const [name, mask] of masks) {
    const tensor = tensorOf(model, name, mask);
    model.graph.initializers.set(name, masked(tensor, floatsOf(tensor), mask));
  }
}

/** Number of weights that a mask keeps. */
export function keptCount(mask: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < mask.length; i++) count += mask[i]!;
  return count;
}

/** Number of weights other than 0 (and -0) in a float32 tensor. */
export function nonzeroCount(tensor: Tensor): number {
  let count = 0;
  const weights = floatsOf(tensor);
  for (let i = 0; i < weights.length; i++) if (weights[i] !== 0) count++;
  return count;
}

function tensorOf(model: Model, name: string, mask: Uint8Array): Tensor {
  const tensor = model.graph.initializers.get(name);
  if (tensor === undefined) throw new Error(`internal: a mask for "${name}", which the model does not have`);
  const count = sizeOf(tensor.dims);
  if (count === mask.length) return tensor;
  throw new Error(`internal: the mask of "${name}" has ${mask.length} entries for ${count} weights`);
}

/** The tensor with these weights, changed. */
function masked({ dims }: Tensor, weights: Float32Array, mask: Uint8Array): Tensor {
  for (let i = 0; i < weights.length; i++) {
    // The comparison also turns -0 into +0.
    if (mask[i] === 0 || weights[i] === 0) weights[i] = 0;
  }
  return floatTensor(weights, dims);
}
