import { resolve } from 'node:path';
import type { Json } from '../core/canonical-json.js';
import { UserError } from '../core/errors.js';
import { complete } from '../core/json-schema/complete.js';
import type { Judge } from '../core/json-schema/judge.js';
import { isJsonMapping, type Schema } from '../core/json-schema/schema.js';
import { walk } from '../core/json-schema/walk.js';
import type { Path } from '../core/path.js';
import type { ReferenceKind } from '../core/schema.js';
import { schemaErrors } from '../recipe/errors.js';
import type { Labels } from '../recipe/labels.js';
import type { Recipe } from '../recipe/recipe.js';
import type { AllowedPaths } from './allowed-paths.js';
import { pathProblem } from './digests.js';

export type Options = { readonly [key: string]: Json };

/** A string in the options that names something (`x-lathe` in its schema). */
export interface OptionReference {
  readonly kind: ReferenceKind;
  readonly path: Path;
  /** As written; for files and folders the absolute path. */
  readonly name: string;
}

export interface ResolvedOptions {
  /** After defaults and units, paths absolute. */
  readonly options: Options;
  readonly references: readonly OptionReference[];
  /** Options that are no part of a key (`x-key: false` in their schema). */
  readonly keyless: readonly Path[];
}

export interface OptionsRequest {
  readonly recipe: Recipe;
  /** Those of the cell whose options they are; default none. */
  readonly labels?: Labels;
  readonly judge: Judge;
  readonly paths: AllowedPaths;
  /** The plugin's name, as messages call the owner of the options. */
  readonly owner: string;
  readonly schema: Schema;
  readonly written: Options;
  /** Where the options stand in the recipe. */
  readonly path: Path;
  readonly problems: UserError[];
}

/**
 * A plugin's options, completed, checked, and with what they refer to; null if they do not fit the schema.
 * Files and folders that do not exist or are not allowed are problems, but no reason for null.
 */
export async function resolveOptions(request: OptionsRequest): Promise<ResolvedOptions | null> {
  const { recipe, labels = {}, judge, paths: allowed, owner, schema, written, path, problems } = request;
  const completed = complete(schema, written);
  const found = judge.problems(schema, completed, (at) => ({
    noun: 'option',
    owner: at.length === 0 ? owner : `${owner}'s "${at.filter((part) => typeof part === 'string').join('.')}"`,
  }));
  if (found.length > 0) {
    problems.push(...schemaErrors(found, (at, target) => recipe.locate([...path, ...at], target, labels)));
    return null;
  }
  const references = referencesIn(schema, completed, recipe.folder);
  for (const { kind, path: at, name } of references) {
    if (kind !== 'file' && kind !== 'folder') continue;
    const place = recipe.locate([...path, ...at], 'value', labels);
    const outside = allowed.refusal(name, kind, place);
    if (outside !== undefined) {
      problems.push(outside);
      continue;
    }
    const problem = await pathProblem(name, String(valueAt(completed, at)), kind);
    if (problem === undefined) continue;
    problems.push(new UserError('PLAN_FILE', problem.problem, problem.fix, { place, class: 'usage' }));
  }
  const isPath = (each: OptionReference) => each.kind === 'file' || each.kind === 'folder';
  const paths = references.filter(isPath).map((each) => [each.path, each.name] as const);
  return { options: replaceAt(completed, paths) as Options, references, keyless: keylessIn(schema, completed) };
}

/** A copy of a value with the parts at some paths replaced. */
export function replaceAt(value: Json, replacements: readonly (readonly [Path, Json])[]): Json {
  const here = replacements.find(([path]) => path.length === 0);
  if (here !== undefined) return here[1];
  if (replacements.length === 0) return value;
  const below = (key: string | number) =>
    replacements.filter(([path]) => path[0] === key).map(([path, item]) => [path.slice(1), item] as const);
  if (Array.isArray(value)) return value.map((item, index) => replaceAt(item, below(index)));
  if (!isJsonMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceAt(item, below(key))]));
}

/** A copy of a mapping without what is at some paths. */
export function withoutAt(value: Json, paths: readonly Path[]): Json {
  if (!isJsonMapping(value) || paths.length === 0) return value;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const below = paths.filter(([first]) => first === key).map((path) => path.slice(1));
    return below.some((path) => path.length === 0) ? [] : [[key, withoutAt(item, below)] as const];
  });
  return Object.fromEntries(entries);
}

function keylessIn(schema: Schema, value: Json): Path[] {
  const found: Path[] = [];
  walk(schema, value, (schemas, _part, path) => {
    if (schemas.some((each) => each['x-key'] === false)) found.push(path);
  });
  return found;
}

/** The strings of a value that name something, whether or not the value fits its schema otherwise. */
export function referencesIn(schema: Schema, value: Json, folder: string): OptionReference[] {
  const found: OptionReference[] = [];
  walk(schema, value, (schemas, part, path) => {
    const kind = schemas.find((each) => each['x-lathe'] !== undefined)?.['x-lathe'] as ReferenceKind | undefined;
    if (kind === undefined || typeof part !== 'string') return;
    found.push({ kind, path, name: kind === 'file' || kind === 'folder' ? resolve(folder, part) : part });
  });
  return found;
}

function valueAt(value: Json, path: Path): Json | undefined {
  let here: Json | undefined = value;
  for (const part of path) here = (here as Record<string | number, Json> | undefined)?.[part];
  return here;
}
