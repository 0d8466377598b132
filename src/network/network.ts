import type { Random } from '../core/random.js';
import type { OptionsOf, OptionsSchema } from '../core/schema.js';
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

const BRAND = Symbol.for('onnx-lathe.Network');

/** A network whose options type follows from its schema. */
export function defineNetwork<const S extends OptionsSchema>(
  definition: Omit<NetworkDefinition<OptionsOf<S>>, 'options'> & { readonly options: S },
): NetworkDefinition {
  return Object.assign({ [BRAND]: true }, definition) as unknown as NetworkDefinition;
}

/** True for what any copy of `defineNetwork` returned. */
export function isNetworkDefinition(value: unknown): value is NetworkDefinition {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}
