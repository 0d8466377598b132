import { openDataMemory } from '../artifacts/data-memory.js';
import type { Store } from '../artifacts/store.js';
import { type LookAheadTools, lookAhead } from '../plan/look-ahead.js';
import type { Plan } from '../plan/plan.js';
import type { Registries } from '../plugin/registries.js';
import { withoutSecrets } from './prepare.js';
import type { Environment } from './program.js';

export interface CheckAheadRequest extends Pick<LookAheadTools, 'keyOf' | 'isForced'> {
  readonly plan: Plan;
  readonly registries: Registries;
  readonly store: Store;
  readonly cacheDir: string;
  readonly env: Environment;
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
  ...tools
}: CheckAheadRequest): Promise<void> {
  const outlooks = await lookAhead(plan, { ...tools, peek: (key) => store.peek(key) });
  const records = new Map(
    outlooks.flatMap(({ cell, record }) => (record === null ? [] : [[cell.id, record] as const])),
  );
  if (records.size === outlooks.length) return;
  const { previewPlan } = await import('../plan/previews.js');
  const dataMemory = openDataMemory(cacheDir);
  await withoutSecrets(plan.recipe, env, () => previewPlan({ plan, registries, records, store, dataMemory }));
  await dataMemory.save();
}
