import { resolve } from 'node:path';
import { Store } from '../../artifacts/store.js';
import { expectedOf, isShared } from '../../run/remote-tier.js';
import { EXIT } from '../exit-code.js';
import { forecast } from '../forecast.js';
import { preparePlan } from '../prepare.js';
import type { Environment } from '../program.js';
import { configuredRemote, openResults } from '../remote.js';
import type { Terminal } from '../terminal.js';
import type { TrustOptions } from '../trust.js';

export interface CachePushOptions extends TrustOptions {
  readonly recipe: string;
  readonly set: readonly string[];
  readonly remoteCache?: string;
  readonly cacheDir: string;
}

/**
 * `lathe cache push`: stores what the local cache has of a recipe in the remote cache as well, for results that were
 * computed before anybody wrote there. Computes nothing. Throws REMOTE_NOT_CONFIGURED.
 */
export async function cachePushCommand(
  options: CachePushOptions,
  terminal: Terminal,
  env: Environment,
): Promise<number> {
  const { remoteCache, cacheDir } = options;
  const plan = await preparePlan(options, { terminal, env });
  const where = { remoteWrite: true, ...(remoteCache === undefined ? {} : { remoteCache }) };
  const settings = await configuredRemote(where, plan.recipe.file, env);
  if (settings === null) throw new Error('internal: whoever asks for writing gets settings or an error');
  const onWarning = (message: string) => terminal.err(`warning: ${message}`);
  const store = new Store(resolve(cacheDir), { onWarning });
  const { signal: stop } = new AbortController();
  const remote = await openResults(settings, { store, stop, onWarning, onNotice: terminal.err });

  const { cells } = await forecast(plan, cacheDir);
  const count = { stored: 0, present: 0, missing: 0 };
  for (const { cell, key } of cells.filter((each) => isShared(each.cell))) {
    // Reads every byte: what is damaged must not spread.
    const record = key === null ? null : await store.lookup(key);
    if (record === null) {
      count.missing++;
      continue;
    }
    const outcome = await remote.push(record, expectedOf(cell));
    if (outcome === false) return EXIT.infrastructure;
    count[outcome]++;
  }
  terminal.out(`${results(count.stored)} stored, ${count.present} there already.`);
  if (count.missing > 0) {
    terminal.err(
      `${count.missing === 1 ? '1 stage has' : `${count.missing} stages have`} no result here yet: lathe run makes them.`,
    );
  }
  return EXIT.ok;
}

function results(count: number): string {
  return count === 1 ? '1 result' : `${count} results`;
}
