import type { Dim, Model } from './ir.js';

/** Input shapes with the batch, and with the sample's shape if it is known. */
export function fixedInputs(model: Model, batch: number, inputShape?: readonly number[]): Record<string, Dim[]> {
  const inputs: Record<string, Dim[]> = {};
  for (const [index, input] of model.graph.inputs.entries()) {
    if (input.shape === null) {
      if (index === 0 && inputShape !== undefined) inputs[input.name] = [batch, ...inputShape];
      continue;
    }
    const sample = index === 0 && inputShape?.length === input.shape.length - 1 ? inputShape : input.shape.slice(1);
    if (input.shape.length > 0) inputs[input.name] = [batch, ...sample];
  }
  return inputs;
}
