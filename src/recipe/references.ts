// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import type { Json } from '../core/canonical-json.js';
import { UserError } from '../core/errors.js';
import { didYouMean, didYouMeanOrKnown } from '../core/json-schema/problems.js';
import { isJsonMapping } from '../core/json-schema/schema.js';
import { quote } from '../core/json-schema/words.js';
import type { Path } from '../core/path.js';
import type { PlacedDocument } from './yaml-document.js';

/** What `${{ params.x }}` and `${{ env.X }}` may refer to. */
export interface Scope {
  readonly params: Readonly<Record<string, Json>>;
  /** The variables that the recipe declares; undefined for one that is not set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Sections that are there under a misspelt key: nobody knows what they declare. */
  readonly lost: ReadonlySet<string>;
}

/** A value without references, and where a reference could not be resolved. */
export interface Substituted {
  readonly value: Json;
  readonly problems: readonly UserError[];
  /** Paths that keep their unresolved text: what a schema says about them is noise. */
  readonly unresolved: readonly Path[];
}

/** Sections of a recipe in which a reference has no meaning: they declare what references refer to. */
const DECLARING_SECTIONS = new Set(['version', 'params', 'env']);

/**
 * Replaces the references in a recipe. One that is the whole value keeps its type, one inside a text becomes text.
 * Problems are RECIPE_REFERENCE (malformed, unknown, or a list inside a text) and RECIPE_ENV (a variable that is not set).
 */
export function substitute(document: PlacedDocument, scope: Scope): Substituted {
  const problems: UserError[] = [];
  const unresolved: Path[] = [];
  const visit = (value: Json, path: Path): Json => {
    if (typeof value === 'string') return value.includes('${{') ? inText(value, path) : value;
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]));
    if (!isJsonMapping(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, visit(item, [...path, key])]));
  };
  const inText = (text: string, path: Path): Json => {
    const refuse = (code: string, piece: string, nth: number, problem: string, fix: string) => {
      problems.push(
        new UserError(code, problem, fix, { place: document.locateText(path, piece, nth), class: 'usage' }),
      );
      unresolved.push(path);
    };
    const resolve = (reference: string, inner: string, nth: number): Json | undefined => {
      if (scope.lost.has(inner.split('.', 1)[0]!)) {
        unresolved.push(path);
        return undefined;
      }
      const found = lookUp(inner, scope);
      if (!('problem' in found)) return found.value;
      refuse(found.code, reference, nth, found.problem, found.fix);
      return undefined;
    };
    const whole = /^\s*\$\{\{([^{}]*)\}\}\s*$/.exec(text);
    if (whole !== null) return resolve(text.trim(), whole[1]!.trim(), 0) ?? text;
    const seen = new Map<string, number>();
    const replaced = text.replaceAll(/\$\{\{([^{}]*)\}\}/g, (reference, inner: string) => {
      const nth = seen.get(reference) ?? 0;
      seen.set(reference, nth + 1);
      const value = resolve(reference, inner.trim(), nth);
      if (value !== null && typeof value === 'object') {
        const fix = 'Let the reference be the whole value.';
        refuse('RECIPE_REFERENCE', reference, nth, 'A list cannot stand inside a text.', fix);
      }
      return value === undefined ? '' : String(value);
    });
    const rest = text.replaceAll(/\$\{\{([^{}]*)\}\}/g, '');
    if (rest.includes('${{')) {
      refuse('RECIPE_REFERENCE', '${{', 0, 'This reference has no end.', 'Write it as ${{ params.name }}.');
    }
    return replaced;
  };
  if (!isJsonMapping(document.value)) return { value: document.value, problems, unresolved };
  const value = Object.fromEntries(
    Object.entries(document.value).map(([key, item]) => [key, DECLARING_SECTIONS.has(key) ? item : visit(item, [key])]),
  );
  for (const section of DECLARING_SECTIONS) {
    const text = JSON.stringify(document.value[section]) ?? '';
    if (!text.includes('${{')) continue;
    problems.push(
      new UserError('RECIPE_REFERENCE', `"${section}" cannot hold references.`, 'Write the value itself.', {
        place: document.locateText([section], '${{', 0),
        class: 'usage',
      }),
    );
    unresolved.push([section]);
  }
  return { value, problems, unresolved };
}

type Found = { readonly value: Json } | { readonly code: string; readonly problem: string; readonly fix: string };

function lookUp(inner: string, scope: Scope): Found {
  const refuse = (problem: string, fix: string, code = 'RECIPE_REFERENCE') => ({ code, problem, fix });
  const parts = /^([A-Za-z]+)\.([A-Za-z_][\w-]*)$/.exec(inner);
  if (parts === null) {
    return refuse(
      `${quote(inner)} is not a reference.`,
      'Write ${{ params.name }} or ${{ env.NAME }}: nothing is computed.',
    );
  }
  const [, space, name] = parts as unknown as [string, string, string];
  if (space === 'params') {
    const value = Object.hasOwn(scope.params, name) ? scope.params[name] : undefined;
    if (value !== undefined) return { value };
    const known = Object.keys(scope.params);
    return refuse(
      `"${name}" is no parameter of this recipe.`,
      didYouMeanOrKnown(name, known, 'Declare it under params.'),
    );
  }
  if (space === 'env') {
    const known = Object.keys(scope.env);
    if (!known.includes(name)) {
      const fix = didYouMean(name, known) || 'List it under env.hash or env.pass.';
      return refuse(`The recipe does not declare the environment variable "${name}".`, fix);
    }
    const value = scope.env[name];
    if (value !== undefined) return { value };
    return refuse(`The environment variable "${name}" is not set.`, 'Set it before the run.', 'RECIPE_ENV');
  }
  return refuse(
    `"${space}" is nothing to refer to.`,
    didYouMean(space, ['params', 'env']) || 'References begin with params. or env.',
  );
}
