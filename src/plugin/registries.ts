import { isUserError } from '../core/errors.js';
import { Registry } from '../core/registry.js';
import type { DatasetDefinition } from '../data/dataset.js';
import type { NetworkDefinition } from '../network/network.js';
import type { PluginIdentity } from './identity.js';
import type { LoadedPlugin } from './load.js';
import type { ObserverDefinition } from './observer.js';
import type { StageDefinition } from './stage.js';

/** What ships with Lathe. */
export interface BuiltIns {
  readonly stages: readonly StageDefinition[];
  readonly datasets: readonly DatasetDefinition[];
  readonly networks: readonly NetworkDefinition[];
}

/** Everything that a recipe can name, and who provides it. */
export interface Registries {
  readonly stages: Registry<StageDefinition>;
  readonly datasets: Registry<DatasetDefinition>;
  readonly networks: Registry<NetworkDefinition>;
  /** Of all plugins; they have no names that a recipe could use. */
  readonly observers: readonly ObserverDefinition[];
  identityOf(definition: StageDefinition | DatasetDefinition | NetworkDefinition): PluginIdentity;
}

/** Throws REGISTRY_DUPLICATE if two definitions of one kind share a name. */
export function createRegistries(builtIns: BuiltIns, plugins: readonly LoadedPlugin[] = []): Registries {
  const stages = new Registry<StageDefinition>('stage');
  const datasets = new Registry<DatasetDefinition>('data set reader');
  const networks = new Registry<NetworkDefinition>('network');
  const identities = new Map<object, PluginIdentity>();
  const add = (definitions: BuiltIns, identity: PluginIdentity) => {
    for (const each of definitions.stages) stages.add(each);
    for (const each of definitions.datasets) datasets.add(each);
    for (const each of definitions.networks) networks.add(each);
    for (const each of [...definitions.stages, ...definitions.datasets, ...definitions.networks])
      identities.set(each, identity);
  };
  add(builtIns, { kind: 'built-in' });
  for (const plugin of plugins) {
    try {
      add(plugin, plugin.identity);
    } catch (error) {
      throw isUserError(error) && plugin.place !== null ? error.at(plugin.place) : error;
    }
  }
  return {
    stages,
    datasets,
    networks,
    observers: plugins.flatMap((plugin) => plugin.observers),
    identityOf(definition) {
      const identity = identities.get(definition);
      if (identity === undefined) throw new Error(`internal: "${definition.name}" is in no registry`);
      return identity;
    },
  };
}
