import type { Random } from '../core/random.js';
import type { Dataset } from '../data/dataset.js';
import { buildNetwork } from '../network/build.js';
import type { Model } from '../onnx/ir.js';
import type { Registries } from '../plugin/registries.js';
import type { ResolvedNetwork } from './plan.js';

/** A network of the recipe with fresh weights, for samples and labels as a data set has them. */
export async function buildResolvedNetwork(
  network: ResolvedNetwork,
  { networks }: Pick<Registries, 'networks'>,
  { data, random }: { readonly data: Dataset; readonly random: Random },
): Promise<Model> {
  const { inputShape, target } = data;
  const outputs = target.kind === 'class' ? target.classes : target.shape.reduce((product, dim) => product * dim, 1);
  return buildNetwork(network, { inputShape, outputs, random, registry: networks });
}
