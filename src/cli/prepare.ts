import type { FileMemory } from '../artifacts/file-memory.js';
import { Judge } from '../core/json-schema/judge.js';
import { maskError } from '../core/mask-error.js';
import { makePlan } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import { loadPlugins } from '../plugin/load.js';
import { createRegistries, type Registries } from '../plugin/registries.js';
import { loadRecipe } from '../recipe/load.js';
import type { Recipe } from '../recipe/recipe.js';
import type { Environment } from './program.js';
import { recipeMask } from './recipe-mask.js';
import { BUILT_INS } from './registries.js';

/** The plan of a recipe file. Throws UserErrors with every mistake that can be found before anything runs. */
export async function preparePlan(file: string, settings: readonly string[], env: Environment): Promise<Plan> {
  return planRecipe(file, { set: settings, env });
}

export interface PlanSettings {
  readonly set: readonly string[];
  readonly env: Environment;
  /** Knows the digests of files that did not change; without it all are hashed. */
  readonly files?: FileMemory;
}

/** The same, with what an earlier plan found out about files. */
export async function planRecipe(file: string, { set, env, files }: PlanSettings): Promise<Plan> {
  const judge = await Judge.create();
  const recipe = await loadRecipe(file, { settings: set, environment: env, judge });
  return withoutSecrets(recipe, env, async () => {
    const registries = await registriesOf(recipe);
    return makePlan({ recipe, registries, environment: env, judge, ...(files && { hashFile: files.digest }) });
  });
}

/** The built-ins; with a recipe file, its plugins as well. */
export async function registriesFor(file: string | undefined, env: Environment): Promise<Registries> {
  if (file === undefined) return createRegistries(BUILT_INS);
  const recipe = await loadRecipe(file, { environment: env });
  return withoutSecrets(recipe, env, () => registriesOf(recipe));
}

/** Plugins see the whole environment while a plan is made: what they throw may quote it. */
async function withoutSecrets<T>(recipe: Recipe, env: Environment, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw maskError(error, recipeMask(recipe, env));
  }
}

async function registriesOf(recipe: Recipe): Promise<Registries> {
  const requests = recipe.plugins.map(({ specifier, path }) => ({ specifier, place: recipe.locate(path) }));
  return createRegistries(BUILT_INS, await loadPlugins(requests, recipe.folder));
}
