import { openDataMemory } from '../artifacts/data-memory.js';
import type { Store } from '../artifacts/store.js';
import { type LookAheadTools, lookAhead } from '../plan/look-ahead.js';
import type { Cell, Plan } from '../plan/plan.js';
import type { Registries } from '../plugin/registries.js';
import { withoutSecrets } from './prepare.js';
import type { Environment } from './program.js';

export interface CheckAheadRequest extends Pick<LookAheadTools, 'keyOf' | 'isForced'> {
  readonly plan: Plan;
  readonly registries: Registries;
  readonly store: Store;
  readonly cacheDir: string;
  readonly env: Environment;
  /** Told as soon as it is known how many cells lack a result and wait for no other. */
  readonly onMissing?: (cells: number) => void;
}

/** What is known of a run before its first stage. */
export interface Outlook {
  /** The cells that it will compute, and those that depend on what these make. */
  readonly missing: readonly Cell[];
  /** What cells are expected to add to their processes, in bytes; undefined where that is not known. */
  readonly memoryOf: (cell: Cell) => number | undefined;
}

/**
 * Previews what a run is about to compute; costs next to nothing if that is nothing.
 * Throws UserErrors with everything that is found to be impossible.
 */
export async function checkAhead({
  plan,
  registries,
  store,
  cacheDir,
  env,
  onMissing,
  ...tools
}: CheckAheadRequest): Promise<Outlook> {
  const outlooks = await lookAhead(plan, { ...tools, peek: (key) => store.peek(key) });
  const records = new Map(
    outlooks.flatMap(({ cell, record }) => (record === null ? [] : [[cell.id, record] as const])),
  );
  const missing = outlooks.flatMap(({ cell, record }) => (record === null ? [cell] : []));
  if (missing.length === 0) return { missing, memoryOf: () => undefined };
  onMissing?.(outlooks.filter(({ cache }) => cache === 'miss').length);
  const { previewPlan } = await import('../plan/previews.js');
  const dataMemory = openDataMemory(cacheDir);
  const { cells } = await withoutSecrets(plan.recipe, env, () =>
    previewPlan({ plan, registries, records, store, dataMemory }),
  );
  await dataMemory.save();
  return { missing, memoryOf: ({ id }) => cells.get(id)?.memory };
}
