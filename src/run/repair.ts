import type { Store } from '../artifacts/store.js';
import { UserError } from '../core/errors.js';
import type { LiveModel } from './live-model.js';

/** Gets the results of cells anew, by cell id, with every byte of what the cache has verified. */
export type Redo = ReadonlyMap<string, () => Promise<unknown>>;

/**
 * Makes sure that every byte of a model is as it was stored; otherwise its cell computes it again. A run that finds all
 * results in the cache looks only whether their files are there: what is used is verified here, before it is used.
 * Throws RUN_RESULT_LOST if the cell makes another model now.
 */
export async function repairModel({ stored, origin }: LiveModel, store: Store, redo: Redo): Promise<void> {
  if (stored === null || origin === null || (await store.isIntact(stored))) return;
  const again = redo.get(origin.stage);
  if (again === undefined) throw new Error(`internal: ${origin.stage} has no result to get anew`);
  await again();
  if (await store.isIntact(stored)) return;
  throw new UserError(
    'RUN_RESULT_LOST',
    `A cached model of stage ${origin.stage} was damaged, and the stage makes another one now from the same inputs.`,
    'Run again: what follows it is then computed from the new model.',
    { class: 'infrastructure' },
  );
}
