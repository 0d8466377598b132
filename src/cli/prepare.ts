import type { FileMemory } from '../artifacts/file-memory.js';
import { Judge } from '../core/json-schema/judge.js';
import { maskError } from '../core/mask-error.js';
import { makePlan } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import { createRegistries, type Registries } from '../plugin/registries.js';
import { loadRecipe } from '../recipe/load.js';
import type { Recipe } from '../recipe/recipe.js';
import type { Environment } from './program.js';
import { recipeMask } from './recipe-mask.js';
import { BUILT_INS } from './registries.js';
import type { Terminal } from './terminal.js';
import { allowedPaths, type TrustOptions, trustedPlugins } from './trust.js';

export interface RecipeRequest extends TrustOptions {
  readonly recipe: string;
  readonly set?: readonly string[];
}

/** Where the words of a plan's plugins go, and what it is made from besides the recipe. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly env: Environment;
  /** Knows the digests of files that did not change; without it all are hashed. */
  readonly files?: FileMemory;
}

/** A plan and what its recipe can name. */
export interface Prepared {
  readonly plan: Plan;
  readonly registries: Registries;
}

/** The plan of a recipe file. Throws UserErrors with every mistake that can be found before anything runs. */
export async function preparePlan(request: RecipeRequest, surroundings: Surroundings): Promise<Plan> {
  return (await prepare(request, surroundings)).plan;
}

/** The same, with what the plan was made of. */
export async function prepare(request: RecipeRequest, { terminal, env, files }: Surroundings): Promise<Prepared> {
  const judge = await Judge.create();
  const recipe = await loadRecipe(request.recipe, { settings: request.set ?? [], environment: env, judge });
  return withoutSecrets(recipe, env, async () => {
    const paths = allowedPaths(recipe, request, env);
    const registries = createRegistries(BUILT_INS, await trustedPlugins(recipe, request, { paths, terminal, env }));
    const hashFile = files && { hashFile: files.digest };
    return { plan: await makePlan({ recipe, registries, environment: env, judge, paths, ...hashFile }), registries };
  });
}

export interface RegistriesRequest extends TrustOptions {
  readonly recipe?: string;
}

/** The built-ins; with a recipe file, its plugins as well. */
export async function registriesFor(request: RegistriesRequest, { terminal, env }: Surroundings): Promise<Registries> {
  if (request.recipe === undefined) return createRegistries(BUILT_INS);
  const recipe = await loadRecipe(request.recipe, { environment: env });
  return withoutSecrets(recipe, env, async () => {
    const paths = allowedPaths(recipe, request, env);
    return createRegistries(BUILT_INS, await trustedPlugins(recipe, request, { paths, terminal, env }));
  });
}

/** Plugins see the whole environment while a plan is made: what they throw may quote it. */
export async function withoutSecrets<T>(recipe: Recipe, env: Environment, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw maskError(error, recipeMask(recipe, env));
  }
}
