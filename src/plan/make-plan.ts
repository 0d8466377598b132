import { isUserError, UserError, UserErrors } from '../core/errors.js';
import { Judge } from '../core/json-schema/judge.js';
import type { Registries } from '../plugin/registries.js';
import type { StageDefinition } from '../plugin/stage.js';
import { distinct, inOrder } from '../recipe/load.js';
import type { Recipe } from '../recipe/recipe.js';
import { AllowedPaths } from './allowed-paths.js';
import { assembleCells } from './cells.js';
import { checkCollectedMetrics } from './collected.js';
import { checkDeclarations, type DeclarationsRequest } from './declarations.js';
import { Digests } from './digests.js';
import { type Draft, draftStages, runCheck, unknownData } from './draft.js';
import { Drafts } from './drafts.js';
import { planExports } from './exports.js';
import { placeGates } from './gates.js';
import { draftMeasures } from './measure.js';
import { Reporters } from './metrics.js';
import { findCycles } from './order.js';
import { placeTolerances } from './place-tolerances.js';
import type { Plan, ResolvedNetwork } from './plan.js';
import { type Wiring, wireCells } from './wiring.js';

export interface PlanRequest {
  readonly recipe: Recipe;
  readonly registries: Registries;
  /** Where the values of env.hash come from. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** SHA-256 of a file's content; replaced where a cache of digests exists. */
  readonly hashFile?: (path: string) => Promise<string>;
  /** Default a new one. */
  readonly judge?: Judge;
  /** Default: the recipe's folder alone. */
  readonly paths?: AllowedPaths;
}

/**
 * The cells of a recipe in order, each with all that its key needs. Reads and hashes the files that the recipe names;
 * opens no data set, loads no engine, changes nothing.
 * Throws UserErrors with every mistake at once, in the order of the file.
 */
export async function makePlan({
  recipe,
  registries,
  environment,
  hashFile,
  judge,
  ...rest
}: PlanRequest): Promise<Plan> {
  const problems: UserError[] = [];
  const paths = rest.paths ?? new AllowedPaths({ recipeFolder: recipe.folder });
  const request: DeclarationsRequest = {
    recipe,
    registries,
    judge: judge ?? (await Judge.create()),
    digests: new Digests(hashFile, paths),
    paths,
    problems,
  };
  const declarations = await checkDeclarations(request);
  const zoo = new Map<string, () => Promise<ResolvedNetwork>>();
  const stages = await draftStages(request, declarations, zoo);
  const evaluate = measuringStage(request);
  const measures = evaluate === null ? [] : await draftMeasures(request, declarations, zoo, stages, evaluate);
  const cells = new Drafts(stages);
  const wiring = wireCells(recipe, cells, problems);
  for (const { draft, wiring: wires } of measures) wiring.set(draft.id, wires);
  // A data set that measure names wrongly is its own mistake, not one of the gates.
  const measured = new Set(evaluate === null ? [] : stages.filter(makesModel).map(({ id }) => id));
  const reporters = new Reporters(evaluate, measured, wiring);
  const gates = placeGates({ recipe, drafts: cells, reporters, problems });
  const tolerances = placeTolerances({ recipe, drafts: cells, reporters, problems });
  const drafts = [...stages, ...measures.map(({ draft }) => draft)];
  for (const draft of drafts) {
    const wires = wiring.get(draft.id)!;
    runCheck(request, draft, [...wires.sources.keys()].filter(isSlot));
    checkCollectedMetrics(recipe, draft, wires, reporters, problems);
  }
  const exported = planExports({ recipe, drafts: cells, wiring, paths, problems });
  reportCycles(recipe, drafts, wiring, gates, problems);
  if (problems.length > 0) throw new UserErrors(inOrder(distinct(problems)));

  try {
    const assembled = await assembleCells({
      recipe,
      registries,
      environment,
      digests: request.digests,
      declarations,
      zoo,
      stages: cells,
      measures,
      wiring,
      gates,
      tolerances,
      reporters,
    });
    return { recipe, cells: assembled, exports: exported, contents: request.digests.contents };
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
  const compared = new Map<string, string[]>();
  for (const { cell, against } of gates) {
    if (against !== null) compared.set(cell, [...(compared.get(cell) ?? []), against]);
  }
  const dependencies = new Map(
    drafts.map(({ id }) => {
      const { sources, collected, needs } = wiring.get(id)!;
      const models = [...sources.values()].flatMap((source) => (source.kind === 'cell' ? [source.cell] : []));
      const taken = collected.map(({ draft }) => draft.id);
      return [id, [...new Set([...models, ...taken, ...needs, ...(compared.get(id) ?? [])])]] as const;
    }),
  );
  const byId = new Map(drafts.map((draft) => [draft.id, draft]));
  for (const cycle of findCycles([...byId.keys()], dependencies)) {
    const first = byId.get(cycle[0]!)!;
    // The cells of a stage go round in the same circle.
    const stages = [...cycle, cycle[0]!].map((id) => `"${byId.get(id)!.declaration.id}"`);
    const text = `${stages.join(' needs ')}: none of them can start.`;
    const place = recipe.locate([...first.path, 'id']);
    problems.push(
      new UserError('PLAN_CYCLE', text, 'Let one of them take its model from elsewhere.', { place, class: 'usage' }),
    );
  }
}
