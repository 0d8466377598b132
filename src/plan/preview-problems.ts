import { isUserError, type Place, UserError, UserErrors } from '../core/errors.js';
import { formatPlace } from '../core/format-error.js';
import type { Recipe } from '../recipe/recipe.js';
import type { Cell } from './plan.js';

/** Something that cannot be known before the stage runs. */
export class Unknown extends Error {}

/**
 * What the `plan` of a stage threw, with places in the recipe. Throws what is a bug of ours.
 */
export function previewProblems(error: unknown, cell: Cell, recipe: Recipe): readonly UserError[] {
  if (error instanceof UserErrors) return error.errors.flatMap((each) => previewProblems(each, cell, recipe));
  if (isUserError(error)) return [placed(error, cell, recipe)];
  // A built-in that throws anything else is a bug of ours, and is shown as one.
  if (cell.plugin.kind === 'built-in') throw error;
  const text = `The plan of ${cell.definition.name} threw: ${error instanceof Error ? error.message : String(error)}.`;
  const fix = 'The mistake is in the plugin: a plan throws nothing but UserError.';
  const place = recipe.locate([...pathOf(cell, recipe).slice(0, 2), 'uses']);
  return [new UserError('PLAN_CHECK_THREW', text, fix, { place, cause: error, class: 'usage' })];
}

/** What is wrong with a file under `models`, at its entry in the recipe. Anything else comes back as it is. */
export function fileProblems(error: unknown, file: string, recipe: Recipe): unknown {
  if (error instanceof UserErrors) {
    return new UserErrors(error.errors.map((each) => fileProblems(each, file, recipe) as UserError));
  }
  if (!isUserError(error)) return error;
  const name = Object.keys(recipe.models).find((each) => recipe.models[each]!.file === file)!;
  const problem = error.place?.kind === 'graph' ? withNode(error.problem, error.place) : error.problem;
  const place = recipe.locate(['models', name, 'file']);
  return new UserError(error.code, problem, error.fix, { place, cause: error, class: 'usage' });
}

function placed(error: UserError, cell: Cell, recipe: Recipe): UserError {
  // Nothing has run: it is a mistake in the recipe, unless the machine is at fault.
  const kind = error.class === 'infrastructure' ? error.class : 'usage';
  const { place, option } = error;
  if (place !== undefined && place.kind !== 'graph') return error.with({ class: kind });
  const path = pathOf(cell, recipe);
  // What is wrong with the model itself is said of the stage, not of its options.
  const isOfModel = place !== undefined && option === undefined && !cell.isMeasure;
  const at = isOfModel
    ? recipe.locate([...path.slice(0, 2), 'id'])
    : recipe.locate([...path, ...(option ?? [])], option === undefined ? 'key' : 'value', cell.labels);
  const problem = place === undefined ? error.problem : withNode(error.problem, place);
  const details = { place: at, cause: error, class: kind } as const;
  return new UserError(error.code, problem, error.fix, details);
}

/** A place in a graph gives way to that in the recipe, so the words must name the node. */
function withNode(problem: string, place: Place & { kind: 'graph' }): string {
  return problem.includes(place.node) ? problem : `${formatPlace(place)} ${problem}`;
}

/** Where the options of a cell stand. */
function pathOf({ stage, isMeasure }: Cell, { stages }: Recipe): readonly (string | number)[] {
  if (isMeasure) return ['measure'];
  return ['stages', stages.findIndex(({ id }) => id === stage), 'with'];
}
