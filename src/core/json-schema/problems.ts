import type { Json } from '../canonical-json.js';
import { canonicalJson } from '../canonical-json.js';
import { nearest } from '../nearest.js';
import type { Path } from '../path.js';
import type { UnitKind } from '../schema.js';
import { parseUnit } from '../units.js';
import {
  dereference,
  hasType,
  isJsonMapping,
  isMapping,
  itemSchemas,
  propertySchemas,
  type Schema,
  type SchemaObject,
  schemaList,
  schemaMap,
  typesOf,
} from './schema.js';
import { alternatives, describeSchema, describeValue, quote } from './words.js';

/** One root cause why a value does not fit its schema, in words. */
export interface SchemaProblem {
  readonly kind: 'unknown-key' | 'missing-key' | 'type' | 'value';
  /** Of the value; of the key itself for an unknown key; of the mapping for a missing one. */
  readonly path: Path;
  readonly problem: string;
  readonly fix: string;
}

/** How messages call the mapping at a path: { noun: 'option', owner: 'prune' } gives "is not an option of prune". */
export type Subject = (path: Path) => { readonly noun: string; readonly owner: string };

/**
 * Why a value does not fit a schema: every mistake once, where it is.
 * An alternative (anyOf, oneOf) that fails is one problem or those of the branch that was meant, never a list of all branches.
 * Empty if nothing is wrong, or if the fault lies with a keyword that is not explained here; ajv has the last word.
 */
export function schemaProblems(schema: Schema, value: Json, subject: Subject): SchemaProblem[] {
  return new Explainer(schema, subject).explain(schema, value, []);
}

/** After so many problems the rest of a list is not looked at: a million wrong items are one mistake. */
const PROBLEMS_OF_LIST = 100;
/** More than are shown, so that they can be counted; a file that somebody else made may have a million. */
const PROBLEMS_OF_MAPPING = 1000;

type Mapping = { readonly [key: string]: Json };

class Explainer {
  constructor(
    private readonly root: Schema,
    private readonly subject: Subject,
  ) {}

  explain(schema: Schema, given: Json, path: Path, depth = 0): SchemaProblem[] {
    if (schema === true || depth > 64) return [];
    if (schema === false) return [problem('value', path, `${label(path)} is not allowed here.`)];
    const value = inUnit(schema, given);
    const own = this.own(schema, value, path);
    if (own !== null) return [own];
    const misspelt = isJsonMapping(value) ? misspeltKeys(schema, value) : new Map<string, string>();
    if (misspelt.size > 0) return this.explainMisspelt(schema, value as Mapping, misspelt, path, depth);
    const found: SchemaProblem[] = [];
    if (schema.$ref !== undefined) {
      found.push(...this.explain(dereference(schema.$ref, this.root) ?? true, value, path, depth + 1));
    }
    for (const each of schemaList(schema.allOf)) found.push(...this.explain(each, value, path, depth + 1));
    if (Array.isArray(schema.anyOf)) found.push(...this.alternatives(schemaList(schema.anyOf), value, path, depth));
    if (Array.isArray(schema.oneOf)) {
      const branches = schemaList(schema.oneOf);
      const fitting = branches.filter((each) => this.explain(each, value, path, depth + 1).length === 0);
      if (fitting.length > 1) found.push(this.several(fitting, value, path));
      else found.push(...this.alternatives(branches, value, path, depth));
    }
    if (schema.if !== undefined) {
      const holds = this.explain(schema.if as Schema, value, path, depth + 1).length === 0;
      found.push(...this.explain(((holds ? schema.then : schema.else) ?? true) as Schema, value, path, depth + 1));
    }
    if (schema.not !== undefined && this.explain(schema.not as Schema, value, path, depth + 1).length === 0) {
      const reason = isMapping(schema.not) && typeof schema.not.description === 'string' ? schema.not.description : '';
      found.push(problem('value', path, `${label(path)} has a form that is not allowed.`, reason));
    }
    if (isJsonMapping(value)) found.push(...this.mapping(schema, value, path, depth));
    if (Array.isArray(value)) found.push(...this.list(schema, value, path, depth));
    return unique(found);
  }

  /** A misspelt key is one mistake: everything else is judged as if it were spelt right. */
  private explainMisspelt(
    schema: SchemaObject,
    value: Mapping,
    misspelt: ReadonlyMap<string, string>,
    path: Path,
    depth: number,
  ): SchemaProblem[] {
    const { noun, owner } = this.subject(path);
    const known = Object.keys(schemaMap(schema.properties));
    const spelt = Object.fromEntries(Object.entries(value).map(([key, item]) => [misspelt.get(key) ?? key, item]));
    const written = new Map([...misspelt].map(([key, meant]) => [meant, key]));
    const rest = this.explain(schema, spelt, path, depth + 1).map((each) => {
      const key = written.get(String(each.path[path.length]));
      return key === undefined ? each : { ...each, path: [...path, key, ...each.path.slice(path.length + 1)] };
    });
    return unique([...[...misspelt.keys()].map((key) => unknownKey(key, path, noun, owner, known)), ...rest]);
  }

  /** The fault of the value itself, parts aside. */
  private own(schema: SchemaObject, value: Json, path: Path): SchemaProblem | null {
    const types = typesOf(schema);
    if (types !== null && !types.some((type) => hasType(value, type))) {
      const kind = types.includes('integer') && typeof value === 'number' ? 'value' : 'type';
      return this.takes(schema, value, path, kind);
    }
    if (schema.const !== undefined && !same(schema.const as Json, value)) {
      return this.takes(schema, value, path, typeof value === typeof schema.const ? 'value' : 'type');
    }
    if (Array.isArray(schema.enum) && !(schema.enum as Json[]).some((each) => same(each, value))) {
      const isSameType = (schema.enum as Json[]).some((each) => typeof each === typeof value);
      return this.takes(schema, value, path, isSameType ? 'value' : 'type');
    }
    return isOutOfBounds(schema, value) ? this.takes(schema, value, path, 'value') : null;
  }

  private takes(schema: SchemaObject, value: Json, path: Path, kind: 'type' | 'value'): SchemaProblem {
    const words = Array.isArray(schema.enum) ? (schema.enum as Json[]).filter((each) => typeof each === 'string') : [];
    return problem(
      kind,
      path,
      `${label(path)} takes ${describeSchema(schema, this.root)}, not ${describeValue(value)}.`,
      typeof value === 'string' ? didYouMean(value, words as string[]) : '',
    );
  }

  private mapping(schema: SchemaObject, value: { readonly [key: string]: Json }, path: Path, depth: number) {
    const found: SchemaProblem[] = [];
    const known = Object.keys(schemaMap(schema.properties));
    const { noun, owner } = this.subject(path);
    for (const [key, item] of Object.entries(value)) {
      if (found.length >= PROBLEMS_OF_MAPPING) break;
      if (schema.propertyNames !== undefined) {
        const bad = this.explain(schema.propertyNames as Schema, key, [...path, key], depth + 1)[0];
        if (bad !== undefined) {
          const takes = describeSchema(schema.propertyNames as Schema, this.root);
          found.push(
            problem('unknown-key', [...path, key], `${quote(key)} is no possible name here.`, `A name is ${takes}.`),
          );
          continue;
        }
      }
      const schemas = propertySchemas(schema, key);
      if (schemas.length === 1 && schemas[0] === false && !Object.hasOwn(schemaMap(schema.properties), key)) {
        found.push(unknownKey(key, path, noun, owner, known));
        continue;
      }
      for (const each of schemas) found.push(...this.explain(each, item, [...path, key], depth + 1));
    }
    for (const key of Array.isArray(schema.required) ? (schema.required as string[]) : []) {
      if (value[key] !== undefined) continue;
      found.push(missingKey(key, path, noun, owner, schema));
    }
    for (const [key, needed] of Object.entries(isMapping(schema.dependentRequired) ? schema.dependentRequired : {})) {
      if (value[key] === undefined) continue;
      for (const other of needed as string[]) {
        if (value[other] !== undefined) continue;
        found.push(problem('missing-key', [...path, key], `"${key}" needs "${other}" beside it.`, `Add "${other}".`));
      }
    }
    const count = Object.keys(value).length;
    if (
      (typeof schema.minProperties === 'number' && count < schema.minProperties) ||
      (typeof schema.maxProperties === 'number' && count > schema.maxProperties)
    ) {
      const range =
        schema.minProperties === schema.maxProperties
          ? 'exactly'
          : count < (schema.minProperties as number)
            ? 'at least'
            : 'at most';
      const limit =
        count < ((schema.minProperties as number | undefined) ?? 0) ? schema.minProperties : schema.maxProperties;
      const words = known.length > 0 && known.length <= 12 ? ` Known: ${known.join(', ')}.` : '';
      found.push(
        problem(
          'value',
          path,
          `${label(path)} takes ${range} ${limit} ${noun}${limit === 1 ? '' : 's'}, not ${count}.`,
          words.trim(),
        ),
      );
    }
    return found;
  }

  private list(schema: SchemaObject, value: readonly Json[], path: Path, depth: number): SchemaProblem[] {
    const found: SchemaProblem[] = [];
    for (const [index, item] of value.entries()) {
      if (found.length >= PROBLEMS_OF_LIST) break;
      for (const each of itemSchemas(schema, index))
        found.push(...this.explain(each, item, [...path, index], depth + 1));
    }
    if (schema.uniqueItems === true) {
      const seen = new Set<string>();
      value.forEach((item, index) => {
        const text = canonicalJson(item);
        if (seen.has(text))
          found.push(problem('value', [...path, index], `${label(path)} holds ${describeValue(item)} twice.`));
        seen.add(text);
      });
    }
    return found;
  }

  /** None of the branches fits: the problems of the one that was meant, or one problem for all of them. */
  private alternatives(branches: readonly Schema[], value: Json, path: Path, depth: number): SchemaProblem[] {
    const tries = branches.map((branch) => ({ branch, problems: this.explain(branch, value, path, depth + 1) }));
    if (tries.some(({ problems }) => problems.length === 0)) return [];
    const candidates = tries.filter(
      ({ problems }) => !problems.some((each) => each.kind === 'type' && isAt(each.path, path)),
    );
    if (candidates.length === 1) return candidates[0]!.problems;
    const words = branches.flatMap((branch) => this.words(branch));
    const takes = alternatives([...new Set(branches.map((branch) => describeSchema(branch, this.root)))]);
    const all = problem(
      candidates.length === 0 ? 'type' : 'value',
      path,
      `${label(path)} takes ${takes}, not ${describeValue(value)}.`,
      typeof value === 'string' ? didYouMean(value, words) : '',
    );
    if (candidates.length === 0) return [all];
    const scored = candidates.map((each) => ({ ...each, misfit: misfit(each.problems, path) }));
    const least = Math.min(...scored.map((each) => each.misfit));
    const best = scored.filter((each) => each.misfit === least);
    if (best.length === 1) return best[0]!.problems;
    if (!isJsonMapping(value)) return [all];
    const known = [...new Set(candidates.flatMap(({ branch }) => this.keys(branch)))];
    const { noun, owner } = this.subject(path);
    const unknown = Object.keys(value).filter((key) => !known.includes(key));
    return unknown.length > 0 && known.length > 0
      ? unknown.map((key) => unknownKey(key, path, noun, owner, known))
      : [all];
  }

  private several(fitting: readonly Schema[], value: Json, path: Path): SchemaProblem {
    const forms = fitting.map((branch) => describeSchema(branch, this.root));
    return problem(
      'value',
      path,
      `${label(path)} has ${describeValue(value)} that mixes alternatives: ${[...new Set(forms)].join('; ')}.`,
      'Keep one of them.',
    );
  }

  /** The texts that a schema names. */
  private words(schema: Schema): string[] {
    if (typeof schema === 'boolean') return [];
    const target = schema.$ref === undefined ? undefined : dereference(schema.$ref, this.root);
    return [
      ...(Array.isArray(schema.enum) ? schema.enum : []),
      ...(schema.const === undefined ? [] : [schema.const]),
      ...(target === undefined ? [] : this.words(target)),
    ].filter((each): each is string => typeof each === 'string');
  }

  /** The keys that a schema knows. */
  private keys(schema: Schema): string[] {
    if (typeof schema === 'boolean') return [];
    const target = schema.$ref === undefined ? undefined : dereference(schema.$ref, this.root);
    return [...Object.keys(schemaMap(schema.properties)), ...(target === undefined ? [] : this.keys(target))];
  }
}

/** Keys that a schema refuses, with the absent key that each was meant to be. */
function misspeltKeys(schema: SchemaObject, value: Mapping): Map<string, string> {
  const found = new Map<string, string>();
  if (schema.additionalProperties !== false) return found;
  const absent = Object.keys(schemaMap(schema.properties)).filter((key) => value[key] === undefined);
  for (const key of Object.keys(value)) {
    const schemas = propertySchemas(schema, key);
    if (schemas.length !== 1 || schemas[0] !== false) continue;
    const meant = nearest(key, Object.keys(schemaMap(schema.properties)));
    if (meant !== undefined && absent.includes(meant) && ![...found.values()].includes(meant)) found.set(key, meant);
  }
  return found;
}

/** "Did you mean …" or nothing. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const match = nearest(word, candidates);
  return match === undefined ? '' : `Did you mean "${match}"?`;
}

/** "Did you mean …", or the list of what there is. */
export function didYouMeanOrKnown(word: string, candidates: readonly string[], none: string): string {
  return didYouMean(word, candidates) || (candidates.length === 0 ? none : `Known: ${candidates.join(', ')}.`);
}

/** How messages call the value at a path: its key in quotes, with the place in a list. */
export function label(path: Path): string {
  const last = path[path.length - 1];
  if (last === undefined) return 'This';
  if (typeof last === 'string') return `"${last}"`;
  const list = [...path].reverse().find((part) => typeof part === 'string');
  return list === undefined ? `Item ${last + 1}` : `Item ${last + 1} of "${list}"`;
}

function unknownKey(key: string, path: Path, noun: string, owner: string, known: readonly string[]): SchemaProblem {
  const article = /^[aeiou]/.test(noun) ? 'an' : 'a';
  const fix = didYouMeanOrKnown(key, known, `Remove it: ${owner} has no ${noun}s.`);
  return problem('unknown-key', [...path, key], `${quote(key)} is not ${article} ${noun} of ${owner}.`, fix);
}

function missingKey(key: string, path: Path, noun: string, owner: string, schema: SchemaObject): SchemaProblem {
  const property = schemaMap(schema.properties)[key];
  const about = isMapping(property) && typeof property.description === 'string' ? `: ${property.description}` : '';
  const ending = /[.!?]$/.test(about) ? '' : '.';
  return problem('missing-key', path, `${atStart(owner)} needs the ${noun} "${key}".`, `Add "${key}"${about}${ending}`);
}

function problem(kind: SchemaProblem['kind'], path: Path, text: string, fix = ''): SchemaProblem {
  return { kind, path, problem: text, fix };
}

/** How far a branch is from what was meant: keys it does not know or misses, and constants that differ. */
function misfit(problems: readonly SchemaProblem[], path: Path): number {
  let count = 0;
  for (const each of problems) {
    const below = each.path.length - path.length;
    if (each.kind === 'unknown-key' && below === 1) count += 1;
    else if (each.kind === 'missing-key' && below === 0) count += 1;
    else if (each.kind === 'value' && below <= 1) count += 0.5;
    else if (each.kind === 'type' && below === 1) count += 0.75;
    else count += 0.01;
  }
  return count;
}

/** Under a misspelt key a text with a unit is still a text; where a key is right, it is a number by now. */
function inUnit(schema: SchemaObject, value: Json): Json {
  const unit = schema['x-unit'] as UnitKind | undefined;
  return unit === undefined || typeof value !== 'string' ? value : (parseUnit(value, unit) ?? value);
}

function isOutOfBounds(schema: SchemaObject, value: Json): boolean {
  const limit = (keyword: string) => schema[keyword] as number | undefined;
  if (typeof value === 'number') {
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema as Record<string, number>;
    if (value < minimum || value > maximum) return true;
    if (value <= (limit('exclusiveMinimum') ?? Number.NEGATIVE_INFINITY)) return true;
    if (value >= (limit('exclusiveMaximum') ?? Number.POSITIVE_INFINITY)) return true;
    const step = limit('multipleOf');
    return step !== undefined && !Number.isInteger(value / step);
  }
  if (typeof value === 'string') {
    const length = [...value].length;
    if (length < (limit('minLength') ?? 0) || length > (limit('maxLength') ?? Number.POSITIVE_INFINITY)) return true;
    return typeof schema.pattern === 'string' && !new RegExp(schema.pattern, 'u').test(value);
  }
  if (Array.isArray(value)) {
    return value.length < (limit('minItems') ?? 0) || value.length > (limit('maxItems') ?? Number.POSITIVE_INFINITY);
  }
  return false;
}

function same(a: Json, b: Json): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && canonicalJson(a) === canonicalJson(b));
}

function isAt(path: Path, other: Path): boolean {
  return path.length === other.length;
}

function unique(problems: readonly SchemaProblem[]): SchemaProblem[] {
  const seen = new Set<string>();
  return problems.filter((each) => {
    const text = JSON.stringify([each.path, each.problem]);
    if (seen.has(text)) return false;
    seen.add(text);
    return true;
  });
}

/** "a stage" begins a sentence as "A stage"; a plugin's name keeps its case. */
function atStart(owner: string): string {
  return /^an? /.test(owner) ? `A${owner.slice(1)}` : owner;
}
