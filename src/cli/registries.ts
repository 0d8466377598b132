import { BUILT_IN_STAGES } from '../../plugins/index.js';
import { BUILT_IN_DATASETS } from '../data/index.js';
import { BUILT_IN_NETWORKS } from '../network/index.js';
import { type LoadedPlugin, loadPlugins } from '../plugin/load.js';
import { type BuiltIns, createRegistries, type Registries } from '../plugin/registries.js';

/** Everything that comes with Lathe. */
export const BUILT_INS: BuiltIns = {
  stages: BUILT_IN_STAGES,
  datasets: BUILT_IN_DATASETS,
  networks: BUILT_IN_NETWORKS,
};

/** The built-ins and the plugins of the given files (absolute paths). */
export async function loadRegistries(files: readonly string[]): Promise<Registries> {
  const plugins: LoadedPlugin[] = await loadPlugins(
    files.map((specifier) => ({ specifier })),
    process.cwd(),
  );
  return createRegistries(BUILT_INS, plugins);
}
