import { join } from 'node:path';
import { UserError, UserErrors } from '../../src/core/errors.js';
import { formatUserError } from '../../src/core/format-error.js';
import { Judge } from '../../src/core/json-schema/judge.js';
import { makePlan } from '../../src/plan/make-plan.js';
import type { Plan } from '../../src/plan/plan.js';
import type { Registries } from '../../src/plugin/registries.js';
import { parseRecipe } from '../../src/recipe/load.js';
import { fakeRegistries } from './fake-plugins.js';

/** One for all plans of a test file: compiling a schema takes longer than judging by it. */
const JUDGE = Judge.create();

export interface PlanTextOptions {
  readonly registries?: Registries;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly settings?: readonly string[];
}

/** The plan of a recipe text that lies in a folder as recipe.yaml. */
export async function planText(text: string, folder: string, options: PlanTextOptions = {}): Promise<Plan> {
  const { environment = {}, settings = [], registries = fakeRegistries() } = options;
  const judge = await JUDGE;
  const recipe = await parseRecipe(text, join(folder, 'recipe.yaml'), { environment, settings, judge });
  return makePlan({ recipe, registries, environment, judge });
}

/** What a person reads when something is refused; the folder's name is left out. Rethrows what is no user error. */
export async function refusal(attempt: () => Promise<unknown>, folder: string): Promise<string> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof UserError || error instanceof UserErrors) {
      return formatUserError(error, { folder }).replaceAll(folder, '<folder>');
    }
    throw error;
  }
  return 'accepted';
}
