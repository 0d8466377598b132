import { makePlan } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import { loadPlugins } from '../plugin/load.js';
import { createRegistries, type Registries } from '../plugin/registries.js';
import { loadRecipe } from '../recipe/load.js';
import type { Recipe } from '../recipe/recipe.js';
import type { Environment } from './program.js';
import { BUILT_INS } from './registries.js';

/** The plan of a recipe file. Throws UserErrors with every mistake that can be found before anything runs. */
export async function preparePlan(file: string, settings: readonly string[], env: Environment): Promise<Plan> {
  const recipe = await loadRecipe(file, { settings, environment: env });
  return makePlan({ recipe, registries: await registriesOf(recipe), environment: env });
}

/** The built-ins; with a recipe file, its plugins as well. */
export async function registriesFor(file: string | undefined, env: Environment): Promise<Registries> {
  if (file === undefined) return createRegistries(BUILT_INS);
  return registriesOf(await loadRecipe(file, { environment: env }));
}

async function registriesOf(recipe: Recipe): Promise<Registries> {
  const requests = recipe.plugins.map(({ specifier, path }) => ({ specifier, place: recipe.locate(path) }));
  return createRegistries(BUILT_INS, await loadPlugins(requests, recipe.folder));
}
