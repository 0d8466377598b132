import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Json } from '../../src/core/canonical-json.js';
import { isUserError, UserErrors } from '../../src/core/errors.js';
import { Random } from '../../src/core/random.js';
import { Registry } from '../../src/core/registry.js';
import {
  BUILT_IN_NETWORKS,
  buildNetwork,
  type NetworkDefinition,
  type NetworkSource,
} from '../../src/network/index.js';
import type { Model } from '../../src/onnx/ir.js';
import { sizeOf } from '../../src/onnx/tensor.js';
import { floatFeed, Session } from '../../src/runtime/session.js';

export const registry = new Registry<NetworkDefinition>('network');
for (const definition of BUILT_IN_NETWORKS) registry.add(definition);

/** Builds from a source as a recipe does. */
export function build(
  source: NetworkSource,
  { inputShape = [1, 28, 28], outputs = 10, seed = 0 }: { inputShape?: number[]; outputs?: number; seed?: number } = {},
): Promise<Model> {
  return buildNetwork(source, { inputShape, outputs, random: new Random(seed), registry });
}

/** A network of the zoo, its options completed from the schema. */
export function zoo(name: string, given: object = {}, request: Parameters<typeof build>[1] = {}): Promise<Model> {
  const options = structuredClone(given) as Record<string, Json>;
  const schema = registry.get(name)!.options as object;
  if (!new Ajv2020({ useDefaults: true, strict: false }).compile(schema)(options)) throw new Error('wrong options');
  return build({ kind: 'uses', uses: name, options }, request);
}

export function layers(list: readonly Json[], request: Parameters<typeof build>[1] = {}): Promise<Model> {
  return build({ kind: 'layers', layers: list, input: null }, request);
}

/** Numbers that training changes: float initializers but running statistics. */
export function countTrainable(model: Model): number {
  let count = 0;
  for (const [name, tensor] of model.graph.initializers) {
    if (tensor.dataType === 'float32' && !/\.(mean|var|ratio)$/.test(name)) count += sizeOf(tensor.dims);
  }
  return count;
}

/** Runs a batch of constant samples and gives back the output's shape and values. */
export async function run(model: Model, batch: number, value = 0.5) {
  const session = await Session.create(model);
  const inputShape = model.graph.inputs[0]!.shape!.slice(1) as number[];
  const dims = [batch, ...inputShape];
  const name = model.graph.inputs[0]!.name;
  const outputs = await session.run({ [name]: floatFeed(new Float32Array(sizeOf(dims)).fill(value), dims) });
  await session.release();
  const output = Object.values(outputs)[0]!;
  return { dims: output.dims, data: output.data as Float32Array };
}

/** Messages and codes of the UserErrors that an action ends with. */
export async function userErrorsOf(action: Promise<unknown>): Promise<string[]> {
  try {
    await action;
  } catch (error) {
    if (!isUserError(error) && !(error instanceof UserErrors)) throw error;
    return (error instanceof UserErrors ? error.errors : [error]).map((each) => `${each.message} [${each.code}]`);
  }
  throw new Error('expected a UserError');
}
