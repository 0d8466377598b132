import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RemoteResults } from '../artifacts/remote/remote-results.js';
import type { RemoteSettings } from '../artifacts/remote/remote-settings.js';
import type { Store } from '../artifacts/store.js';
import type { Environment } from './program.js';

export interface RemoteOptions {
  /** False for --no-remote-cache. */
  readonly remoteCache?: string | false;
  readonly remoteWrite: boolean;
}

/** The remote cache that a run is to use; null, at the price of a look for one file, if none is named. */
export async function configuredRemote(
  { remoteCache, remoteWrite }: RemoteOptions,
  recipe: string,
  environment: Environment,
): Promise<RemoteSettings | null> {
  const recipeFolder = dirname(recipe);
  const isAskedFor = remoteCache !== undefined || remoteWrite || environment.LATHE_REMOTE_CACHE !== undefined;
  if (!isAskedFor && !existsSync(join(recipeFolder, '.lathe', 'config.yaml'))) return null;
  const { remoteSettings } = await import('../artifacts/remote/remote-settings.js');
  return remoteSettings({ recipeFolder, address: remoteCache, writes: remoteWrite, environment });
}

export interface RemoteMeans {
  readonly store: Store;
  readonly stop: AbortSignal;
  readonly onWarning: (message: string) => void;
  /** Told where the remote is, if it is not the user who has just said so. */
  readonly onNotice: (message: string) => void;
}

export async function openResults(
  settings: RemoteSettings,
  { store, stop, onWarning, onNotice }: RemoteMeans,
): Promise<RemoteResults> {
  const { openRemote } = await import('../artifacts/remote/open-remote.js');
  const { RemoteResults, TIME_LIMITS } = await import('../artifacts/remote/remote-results.js');
  const { publicKeys, signer, writes, timeoutMs } = settings;
  const limits = timeoutMs === null ? TIME_LIMITS : { ...TIME_LIMITS, budgetMs: timeoutMs };
  const cache = openRemote(settings);
  if (settings.namedBy === 'file') {
    onNotice(
      `Results are ${writes ? 'taken from and stored in' : 'taken from'} ${cache.name}, as .lathe/config.yaml says.`,
    );
  }
  return new RemoteResults({ store, stop, onWarning, cache, publicKeys, signer, writes, limits });
}
