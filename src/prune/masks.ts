import type { Model, Tensor } from '../onnx/ir.js';
import { cloneModel } from '../onnx/ir.js';
import { floatsOf, floatTensor } from '../onnx/tensor.js';

/** Which weights stay, by initializer name: one byte a weight in flat order, 1 = kept, 0 = pruned. */
export type Masks = ReadonlyMap<string, Uint8Array>;

/** A copy of the model whose masked weights are 0 (+0, also where a kept weight was -0); all other bits are unchanged. */
export function applyMasks(model: Model, masks: Masks): Model {
  const pruned = cloneModel(model);
  for (const [name, mask] of masks) {
    const tensor = model.graph.initializers.get(name);
    if (tensor === undefined) throw new Error(`internal: a mask for "${name}", which the model does not have`);
    pruned.graph.initializers.set(name, maskTensor(tensor, mask, name));
  }
  return pruned;
}

/** Number of weights that a mask keeps. */
export function keptCount(mask: Uint8Array): number {
  let count = 0;
  for (const kept of mask) count += kept;
  return count;
}

/** Number of weights other than 0 (and -0) in a float32 tensor. */
export function nonzeroCount(tensor: Tensor): number {
  let count = 0;
  for (const weight of floatsOf(tensor)) if (weight !== 0) count++;
  return count;
}

function maskTensor(tensor: Tensor, mask: Uint8Array, name: string): Tensor {
  const weights = floatsOf(tensor);
  if (weights.length !== mask.length) {
    throw new Error(`internal: the mask of "${name}" has ${mask.length} entries for ${weights.length} weights`);
  }
  const result = new Float32Array(weights.length);
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    // The comparison also turns -0 into the +0 that the new array holds already.
    if (mask[i] === 1 && weight !== 0) result[i] = weight;
  }
  return floatTensor(result, tensor.dims);
}
