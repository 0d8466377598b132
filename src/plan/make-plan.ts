import { isUserError, UserError, UserErrors } from '../core/errors.js';
import { Judge } from '../core/json-schema/judge.js';
import type { Registries } from '../plugin/registries.js';
import type { StageDefinition } from '../plugin/stage.js';
import { inOrder } from '../recipe/load.js';
import type { Recipe } from '../recipe/recipe.js';
import { assembleCells } from './cells.js';
import { checkDeclarations, type DeclarationsRequest } from './declarations.js';
import { Digests } from './digests.js';
import { type Draft, draftStages, runCheck, unknownData } from './draft.js';
import { planExports } from './exports.js';
import { placeGates } from './gates.js';
import { draftMeasures } from './measure.js';
import { findCycles } from './order.js';
import type { Plan, ResolvedNetwork } from './plan.js';
import { type Wiring, wireStages } from './sources.js';

export interface PlanRequest {
  readonly recipe: Recipe;
  readonly registries: Registries;
  /** Where the values of env.hash come from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** SHA-256 of a file's content; replaced where a cache of digests exists. */
  readonly hashFile?: (path: string) => Promise<string>;
  /** Default a new one. */
  readonly judge?: Judge;
}

/**
 * The cells of a recipe in order, each with all that its key needs. Reads and hashes the files that the recipe names;
 * opens no data set, loads no engine, changes nothing.
 * Throws UserErrors with every mistake at once, in the order of the file.
 */
export async function makePlan({ recipe, registries, environment, hashFile, judge }: PlanRequest): Promise<Plan> {
  const problems: UserError[] = [];
  const request: DeclarationsRequest = {
    recipe,
    registries,
    judge: judge ?? (await Judge.create()),
    digests: new Digests(hashFile),
    problems,
  };
  const declarations = await checkDeclarations(request);
  const zoo = new Map<string, () => Promise<ResolvedNetwork>>();
  const stages = await draftStages(request, declarations, zoo);
  const evaluate = measuringStage(request);
  const measures = evaluate === null ? [] : await draftMeasures(request, declarations, zoo, stages, evaluate);
  const wiring = wireStages(recipe, stages, problems);
  for (const { draft, wiring: wires } of measures) wiring.set(draft.id, wires);
  // A data set that measure names wrongly is its own mistake, not one of the gates.
  const measured = new Set(evaluate === null ? [] : stages.filter(makesModel).map(({ id }) => id));
  const gates = placeGates({ recipe, drafts: stages, measure: evaluate, measured, problems });
  const drafts = [...stages, ...measures.map(({ draft }) => draft)];
  for (const draft of drafts) runCheck(request, draft, [...wiring.get(draft.id)!.sources.keys()].filter(isSlot));
  const exported = planExports(recipe, stages, wiring, problems);
  reportCycles(recipe, drafts, wiring, gates, problems);
  if (problems.length > 0) throw new UserErrors(inOrder(problems));

  try {
    const cells = await assembleCells({
      recipe,
      registries,
      environment,
      digests: request.digests,
      declarations,
      zoo,
      stages,
      measures,
      wiring,
      gates,
    });
    return { recipe, cells, exports: exported, contents: request.digests.contents };
  } catch (error) {
    // The content of a file is the one thing that is only known by now.
    throw isUserError(error) ? new UserErrors([error]) : error;
  }
}

function makesModel({ definition }: Draft): boolean {
  return Object.values(definition?.outputs ?? {}).includes('model');
}

function isSlot(name: string): boolean {
  return !name.startsWith('option:');
}

/** The stage that `measure` runs; null without `measure` or if its data set is unknown. */
function measuringStage({ recipe, registries, problems }: DeclarationsRequest): StageDefinition | null {
  if (recipe.measure === null) return null;
  const known = Object.keys(recipe.data);
  if (!known.includes(recipe.measure.data)) {
    problems.push(unknownData(recipe.measure.data, known).at(recipe.locate(['measure', 'data'])));
  }
  const definition = registries.stages.get('evaluate');
  if (definition === undefined) throw new Error('internal: measure needs the stage "evaluate"');
  return definition;
}

function reportCycles(
  recipe: Recipe,
  drafts: readonly Draft[],
  wiring: ReadonlyMap<string, Wiring>,
  gates: ReturnType<typeof placeGates>,
  problems: UserError[],
): void {
  const dependencies = new Map(
    drafts.map(({ id }) => {
      const { sources, needs } = wiring.get(id)!;
      const models = [...sources.values()].flatMap((source) => (source.kind === 'stage' ? [source.stage] : []));
      const compared = gates.filter(({ cell }) => cell === id).flatMap(({ against }) => against ?? []);
      return [id, [...new Set([...models, ...needs, ...compared])]] as const;
    }),
  );
  const ids = drafts.map(({ id }) => id);
  for (const cycle of findCycles(ids, dependencies)) {
    const first = drafts.find(({ id }) => id === cycle[0])!;
    const text = `${[...cycle, cycle[0]].map((id) => `"${id}"`).join(' needs ')}: none of them can start.`;
    const place = recipe.locate([...first.path, 'id']);
    problems.push(
      new UserError('PLAN_CYCLE', text, 'Let one of them take its model from elsewhere.', { place, class: 'usage' }),
    );
  }
}
