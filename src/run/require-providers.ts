import type { Cell } from '../plan/plan.js';
import type { Provider } from '../runtime/provider.js';
import type { Executor } from './executor.js';
import { toError } from './failure.js';

/** Makes sure that this machine has what the cells compute with. Throws RUNTIME_PROVIDER, placed at the first that it lacks. */
export async function requireProviders(
  cells: readonly Pick<Cell, 'runtime' | 'place'>[],
  executor: Executor,
): Promise<void> {
  const asked = new Set<Provider>(['cpu']);
  for (const { runtime, place } of cells) {
    if (runtime === null || asked.has(runtime.provider)) continue;
    asked.add(runtime.provider);
    try {
      await executor.requireProvider(runtime.provider);
    } catch (error) {
      throw toError(error, place);
    }
  }
}
