import { resolve } from 'node:path';
import type { Json } from '../core/canonical-json.js';
import { type Place, UserError, UserErrors } from '../core/errors.js';
import { sha256 } from '../core/hash.js';
import { Judge } from '../core/json-schema/judge.js';
import type { SchemaProblem } from '../core/json-schema/problems.js';
import { isJsonMapping } from '../core/json-schema/schema.js';
import { describeValue } from '../core/json-schema/words.js';
import { nearest } from '../core/nearest.js';
import type { Path } from '../core/path.js';
import { schemaErrors } from './errors.js';
import { withSettings } from './params.js';
import { readRecipeText } from './read-text.js';
import type { Recipe } from './recipe.js';
import { type Scope, substitute } from './references.js';
import { readRecipeSchema, recipeSubject } from './schema.js';
import { misspeltEntries, stageCells } from './stage-cells.js';
import { recipeProblems, toRecipe } from './to-recipe.js';
import { type PlacedDocument, parseYaml } from './yaml-document.js';

/** The version of the recipe language that this Lathe reads. */
export const RECIPE_VERSION = 1;

export interface LoadOptions {
  /** From the command line, "name=value" each. */
  readonly settings?: readonly string[];
  /** Where `${{ env.X }}` looks variables up. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Default a new one; sharing one with makePlan compiles each schema once. */
  readonly judge?: Judge;
}

/**
 * Reads and checks a recipe file. What plugins and files have to say is left to makePlan.
 * Throws UserErrors with every mistake at once, in the order of the file.
 */
export async function loadRecipe(file: string, options: LoadOptions): Promise<Recipe> {
  let text: string;
  try {
    text = await readRecipeText(resolve(file));
  } catch (error) {
    throw error instanceof UserError ? new UserErrors([error]) : error;
  }
  return parseRecipe(text, resolve(file), options);
}

/** The same for a text; `file` is the absolute path that places name and that relative paths refer to. */
export async function parseRecipe(text: string, file: string, options: LoadOptions): Promise<Recipe> {
  const document = parseYaml(text, file);
  if (!isJsonMapping(document.value)) throw new UserErrors([notAMapping(document, document.value)]);
  const { value } = document;
  const version = versionProblem(document, value);
  if (version !== undefined) throw new UserErrors([version]);

  const problems: UserError[] = [];
  const params = withSettings(declaredParams(value), options.settings ?? [], problems);
  const { env, passed } = declaredEnvironment(value, options.environment);
  const scope: Scope = { params, env, passed, lost: lostSections(value), cell: null };
  const substituted = substitute(document, scope);
  problems.push(...substituted.problems);
  const judge = options.judge ?? (await Judge.create());
  const misspelt = misspeltEntries(document);
  problems.push(...misspelt.problems);
  problems.push(
    ...schemaErrors(
      judge
        .problems(readRecipeSchema(), substituted.value, recipeSubject)
        .filter(({ path }) => !isUnder(path, [...substituted.unresolved, ...misspelt.paths])),
      (path, target) => document.locate(path, target),
      usualSlip,
    ),
  );
  if (problems.length === 0) {
    const checked = substituted.value as { readonly [key: string]: Json };
    const stages = checked.stages as readonly { readonly [key: string]: Json }[];
    const cells = stageCells({ document, stages, scope, perCell: substituted.perCell, problems });
    const recipe = toRecipe({ file, digest: sha256(text), value: checked, params, document, cells });
    problems.push(...recipeProblems(recipe));
    if (problems.length === 0) return recipe;
  }
  throw new UserErrors(inOrder(distinct(problems)));
}

/** Errors in the order of the file; those without a line come first. */
export function inOrder(problems: readonly UserError[]): UserError[] {
  const position = (place: Place | undefined) => (place?.kind === 'text' ? place.line * 100_000 + place.column : 0);
  return [...problems].sort((a, b) => position(a.place) - position(b.place));
}

/** Errors without repetitions: several cells of a stage may stumble over the same text. */
export function distinct(problems: readonly UserError[]): UserError[] {
  const seen = new Map<string, UserError>();
  for (const error of problems) {
    const { place } = error;
    const where = place?.kind === 'text' ? `${place.line}:${place.column}` : JSON.stringify(place ?? null);
    const id = `${where} ${error.code} ${error.problem}`;
    if (!seen.has(id)) seen.set(id, error);
  }
  return [...seen.values()];
}

function notAMapping(document: PlacedDocument, value: Json): UserError {
  const problem = `A recipe is a mapping that begins with "version: ${RECIPE_VERSION}", not ${describeValue(value)}.`;
  return new UserError('RECIPE_TYPE', problem, 'Start one with `lathe init`.', {
    place: document.locate([]),
    class: 'usage',
  });
}

function versionProblem(document: PlacedDocument, value: { readonly [key: string]: Json }): UserError | undefined {
  const { version } = value;
  if (version === undefined || version === RECIPE_VERSION) return undefined;
  const problem = `This Lathe reads recipes of version ${RECIPE_VERSION}, not ${describeValue(version).replace(/^the number /, '')}.`;
  const fix =
    typeof version === 'number' && version > RECIPE_VERSION
      ? 'Use a newer Lathe.'
      : `Write "version: ${RECIPE_VERSION}".`;
  return new UserError('RECIPE_VERSION', problem, fix, { place: document.locate(['version']), class: 'usage' });
}

/** A parameter whose declaration is at fault stays out: the schema reports it. */
function declaredParams(value: { readonly [key: string]: Json }): Record<string, Json> {
  return isJsonMapping(value.params) ? { ...value.params } : {};
}

function declaredEnvironment(
  value: { readonly [key: string]: Json },
  environment: LoadOptions['environment'],
): Pick<Scope, 'env' | 'passed'> {
  const { hash, pass } = (isJsonMapping(value.env) ? value.env : {}) as { hash?: Json; pass?: Json };
  const names = (list: Json | undefined) =>
    (Array.isArray(list) ? list : []).filter((name) => typeof name === 'string');
  const hashed = names(hash);
  const env = hashed.map((name) => [name, Object.hasOwn(environment, name) ? environment[name] : undefined]);
  return { env: Object.fromEntries(env), passed: new Set(names(pass).filter((name) => !hashed.includes(name))) };
}

/** params and env, where a misspelt key stands in for them. */
function lostSections(value: { readonly [key: string]: Json }): Set<string> {
  const known = Object.keys(readRecipeSchema().properties as object);
  const meant = Object.keys(value).flatMap((key) => (known.includes(key) ? [] : (nearest(key, known) ?? [])));
  return new Set(
    meant.filter((section) => (section === 'params' || section === 'env') && value[section] === undefined),
  );
}

function isUnder(path: Path, roots: readonly Path[]): boolean {
  return roots.some((root) => root.every((part, index) => path[index] === part));
}

/** What is usually meant where a stage has a key that it does not know, or limits in another form. */
function usualSlip(path: Path, kind: SchemaProblem['kind']): string | undefined {
  if (path.length !== 3 || path[0] !== 'stages') return undefined;
  const key = String(path[2]);
  if (kind === 'unknown-key' ? NAMES_OF_LIMITS.test(key) : key === 'expect') {
    return 'Limits of metrics are written `expect: { accuracy: { min: 0.9 } }`.';
  }
  return kind === 'unknown-key' ? 'Options of a stage go under "with".' : undefined;
}

/** What others call them. */
const NAMES_OF_LIMITS = /^(gates?|asserts?|checks?|limits?|thresholds?)$/;
