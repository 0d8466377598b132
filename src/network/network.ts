import type { FromSchema } from 'json-schema-to-ts';
import type { Random } from '../core/random.js';
import type { OptionsSchema } from '../core/schema.js';
import type { Model } from '../onnx/ir.js';

export interface BuildContext<Options> {
  readonly options: Options;
  /** Shape of one sample without the batch dimension, from the recipe or the data set. */
  readonly inputShape: readonly number[];
  /** Number of outputs (classes, or values to regress). */
  readonly outputs: number;
  readonly random: Random;
}

/** A network that a recipe can name: builds a model with fresh weights, input "input" [batch, …], output "logits" [batch, outputs]. */
export interface NetworkDefinition<Options = unknown> {
  readonly name: string;
  readonly revision: number;
  readonly summary: string;
  readonly options: OptionsSchema;
  build(context: BuildContext<Options>): Model;
}

export function defineNetwork<const S extends OptionsSchema>(
  definition: Omit<NetworkDefinition<FromSchema<S>>, 'options'> & { readonly options: S },
): NetworkDefinition {
  return definition as unknown as NetworkDefinition;
}
