import { BUILT_IN_STAGES } from '../../plugins/index.js';
import { BUILT_IN_DATASETS } from '../data/index.js';
import { BUILT_IN_NETWORKS } from '../network/index.js';
import { type LoadedPlugin, loadPlugins } from '../plugin/load.js';
import { type BuiltIns, createRegistries, type Registries } from '../plugin/registries.js';
import type { PluginFile } from '../run/job.js';

/** Everything that comes with Lathe. */
export const BUILT_INS: BuiltIns = {
  stages: BUILT_IN_STAGES,
  datasets: BUILT_IN_DATASETS,
  networks: BUILT_IN_NETWORKS,
};

/**
 * The built-ins and some plugins, which were found in order when the run was planned. Throws PLUGIN_CHANGED for one that is
 * not what it was then.
 */
export async function loadRegistries(files: readonly PluginFile[]): Promise<Registries> {
  const requests = files.map(({ file, digest }) => ({ specifier: file, digest }));
  const plugins: LoadedPlugin[] = await loadPlugins(requests, process.cwd());
  return createRegistries(BUILT_INS, plugins);
}
