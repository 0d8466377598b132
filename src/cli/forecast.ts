import { resolve } from 'node:path';
import { Store } from '../artifacts/store.js';
import { type CellForecast, forecastPlan } from '../plan/forecast.js';
import type { Plan } from '../plan/plan.js';
import type { Memory } from '../plan/why.js';
import { runtimeFacts } from '../run/runtime-facts.js';
import { keyFunction } from './keys.js';
import { memoryOf } from './memory.js';
import { runsFolder } from './places.js';

/** What `lathe run` would do in this folder with a cache. Reads only, and takes no lock. */
export async function forecast(
  plan: Plan,
  cacheDir: string,
): Promise<{ readonly cells: readonly CellForecast[]; readonly memory: Memory }> {
  const places = { cacheDir: resolve(cacheDir), runsDir: runsFolder(), recipe: plan.recipe.file };
  const memory = memoryOf({ ...places, store: new Store(places.cacheDir) });
  return { cells: await forecastPlan(plan, { keyOf: keyFunction(runtimeFacts(), plan), memory }), memory };
}
