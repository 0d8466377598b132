import { isUserError, UserError } from '../core/errors.js';
import { didYouMeanOrKnown as suggest } from '../core/json-schema/problems.js';
import type { Path } from '../core/path.js';
import type { StageDefinition } from '../plugin/stage.js';
import { cellId, type Labels } from '../recipe/labels.js';
import type { CellDeclaration, StageDeclaration } from '../recipe/recipe.js';
import { type Declarations, type DeclarationsRequest, undeclaredNetwork } from './declarations.js';
import { type OptionReference, type Options, referencesIn, resolveOptions } from './options.js';
import type { ResolvedNetwork } from './plan.js';

/** A cell whose kind and options are known; what is at fault is null, and whoever needs it stays silent about it. */
export interface Draft {
  /** Which stage of the recipe it is of, from 0 on. */
  readonly index: number;
  readonly id: string;
  readonly stage: string;
  readonly labels: Labels;
  readonly declaration: StageDeclaration;
  readonly expect: CellDeclaration['expect'];
  readonly definition: StageDefinition | null;
  readonly options: Options | null;
  readonly references: readonly OptionReference[];
  /** Where the stage stands in the recipe. */
  readonly path: Path;
}

/** Finds every stage's definition and checks the options of its cells; unknown kinds, data sets and networks are problems. */
export async function draftStages(
  request: DeclarationsRequest,
  declarations: Declarations,
  zoo: Map<string, () => Promise<ResolvedNetwork>>,
): Promise<Draft[]> {
  const drafts: Draft[] = [];
  for (const [index, declaration] of request.recipe.stages.entries()) {
    for (const cell of declaration.cells) {
      drafts.push(await draftCell(request, declarations, zoo, { declaration, cell, index }));
    }
  }
  return drafts;
}

async function draftCell(
  request: DeclarationsRequest,
  declarations: Declarations,
  zoo: Map<string, () => Promise<ResolvedNetwork>>,
  { declaration, cell, index }: { declaration: StageDeclaration; cell: CellDeclaration; index: number },
): Promise<Draft> {
  const { recipe, registries, judge, paths, problems } = request;
  const path: Path = ['stages', index];
  const { id: stage, uses } = declaration;
  const { labels, expect } = cell;
  const draft = { index, id: cellId(stage, labels), stage, labels, declaration, expect, path };
  const definition = registries.stages.get(uses);
  if (definition === undefined) {
    const place = recipe.locate([...path, 'uses']);
    const problem = `There is no stage kind "${uses}".`;
    problems.push(
      new UserError('PLAN_UNKNOWN_USES', problem, registries.stages.suggestion(uses), { place, class: 'usage' }),
    );
    return { ...draft, definition: null, options: null, references: [] };
  }
  if (declaration.hasRuntime && !definition.computes) {
    const place = recipe.locate([...path, 'runtime'], 'key');
    const problem = `${uses} runs no model: there is nothing for runtime to choose.`;
    problems.push(new UserError('PLAN_RUNTIME', problem, 'Remove it.', { place, class: 'usage' }));
  }
  const at = [...path, 'with'];
  const schema = definition.options as never;
  const resolved = await resolveOptions({
    recipe,
    labels,
    judge,
    paths,
    owner: uses,
    schema,
    written: cell.with,
    path: at,
    problems,
  });
  if (resolved === null) {
    // One faulty option hides no other mistake: names are looked up all the same.
    const written = referencesIn(schema, cell.with, recipe.folder);
    for (const reference of written) await checkReference(request, declarations, zoo, { reference, at, labels });
    return { ...draft, definition, options: null, references: [] };
  }
  for (const reference of resolved.references)
    await checkReference(request, declarations, zoo, { reference, at, labels });
  return { ...draft, definition, ...resolved };
}

/** A reference in the options that stand at a path, of a cell with these labels. */
export interface PlacedReference {
  readonly reference: OptionReference;
  readonly at: Path;
  readonly labels: Labels;
}

/** A data set or a network that an option names must exist; models are a matter of sources.ts. */
export async function checkReference(
  request: DeclarationsRequest,
  declarations: Declarations,
  zoo: Map<string, () => Promise<ResolvedNetwork>>,
  { reference: { kind, path, name }, at, labels }: PlacedReference,
): Promise<void> {
  const { recipe, registries, problems } = request;
  const place = recipe.locate([...at, ...path], 'value', labels);
  if (kind === 'dataset' && !declarations.data.has(name))
    problems.push(unknownData(name, [...declarations.data.keys()]).at(place));
  if (kind !== 'network' || declarations.networks.has(name) || zoo.has(name)) return;
  const found = await undeclaredNetwork(request, name, [...at, ...path]);
  if (found !== undefined) zoo.set(name, found);
  else if (registries.networks.get(name) === undefined) {
    const known = [...declarations.networks.keys(), ...registries.networks.list().map((each) => each.name)];
    problems.push(
      new UserError(
        'PLAN_UNKNOWN_NETWORK',
        `There is no network "${name}".`,
        suggest(name, known, 'Declare it under networks.'),
        {
          place,
          class: 'usage',
        },
      ),
    );
  }
}

export function unknownData(name: string, known: readonly string[]): UserError {
  const fix = suggest(name, known, 'Declare it under data.');
  return new UserError('PLAN_UNKNOWN_DATA', `There is no data set "${name}".`, fix, { class: 'usage' });
}

/** Lets the stage judge its options against each other; its error gets the place of the option that it names, or of `with`. */
export function runCheck(request: DeclarationsRequest, draft: Draft, connected: readonly string[]): void {
  const { definition, options, path, labels } = draft;
  if (definition?.check === undefined || options === null) return;
  try {
    definition.check({ options, inputs: connected });
  } catch (error) {
    if (!isUserError(error)) {
      // A built-in that throws anything else is a bug of ours, and is shown as one.
      if (request.registries.identityOf(definition).kind === 'built-in') throw error;
      const text = `The check of ${definition.name} threw: ${error instanceof Error ? error.message : String(error)}.`;
      const fix = 'The mistake is in the plugin: a check throws nothing but UserError.';
      const place = request.recipe.locate([...path, 'uses']);
      request.problems.push(new UserError('PLAN_CHECK_THREW', text, fix, { place, cause: error, class: 'usage' }));
      return;
    }
    const at = [...path, 'with', ...(error.option ?? [])];
    const place = request.recipe.locate(at, error.option === undefined ? 'key' : 'value', labels);
    request.problems.push(error.at(place));
  }
}
