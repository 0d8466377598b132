// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import type { Json } from '../core/canonical-json.js';
import { UserError } from '../core/errors.js';
import { didYouMean, didYouMeanOrKnown } from '../core/json-schema/problems.js';
import { isJsonMapping } from '../core/json-schema/schema.js';
import { quote } from '../core/json-schema/words.js';
import { nearest } from '../core/nearest.js';
import type { Path } from '../core/path.js';
import type { Labels } from './labels.js';
import type { PlacedDocument } from './yaml-document.js';

/** What `${{ params.x }}`, `${{ matrix.x }}` and `${{ env.X }}` may refer to. */
export interface Scope {
  readonly params: Readonly<Record<string, Json>>;
  /** The variables under env.hash; undefined for one that is not set. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Those under env.pass alone: their values may be secrets, and a reference would put them into keys and records. */
  readonly passed: ReadonlySet<string>;
  /** Sections that are there under a misspelt key: nobody knows what they declare. */
  readonly lost: ReadonlySet<string>;
  /** The cell that the value is for; null: not known yet, so that references to its labels stay as they are. */
  readonly cell: { readonly id: string; readonly labels: Labels } | null;
}

/** A value without references, and where a reference could not be resolved. */
export interface Substituted {
  readonly value: Json;
  readonly problems: readonly UserError[];
  /** Paths that keep their unresolved text: what a schema says about them is noise. */
  readonly unresolved: readonly Path[];
  /** Those among them that hold references to labels of a cell. */
  readonly perCell: readonly Path[];
}

/** Keys of a stage that may differ from cell to cell. */
export const PER_CELL: ReadonlySet<string | number> = new Set(['with', 'expect']);

/** Sections of a recipe in which a reference has no meaning: they declare what references refer to. */
const DECLARING_SECTIONS = new Set(['version', 'params', 'env']);

/**
 * Replaces the references in a recipe. One that is the whole value keeps its type, one inside a text becomes text.
 * Problems are RECIPE_REFERENCE (malformed, unknown, or a list inside a text), RECIPE_ENV (a variable that is not set) and
 * RECIPE_ENV_PASS (one whose value may be a secret).
 */
export function substitute(document: PlacedDocument, scope: Scope): Substituted {
  const substitution = new Substitution(document, scope);
  const { problems, unresolved, perCell } = substitution;
  if (!isJsonMapping(document.value)) return { value: document.value, problems, unresolved, perCell };
  const value = Object.fromEntries(
    Object.entries(document.value).map(([key, item]) => [
      key,
      DECLARING_SECTIONS.has(key) ? item : substitution.visit(item, [key]),
    ]),
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
  return { value, problems, unresolved, perCell };
}

/** The same for one value of the document. */
export function substituteAt(document: PlacedDocument, scope: Scope, value: Json, path: Path): Substituted {
  const substitution = new Substitution(document, scope);
  const { problems, unresolved, perCell } = substitution;
  return { value: substitution.visit(value, path), problems, unresolved, perCell };
}

class Substitution {
  readonly problems: UserError[] = [];
  readonly unresolved: Path[] = [];
  readonly perCell: Path[] = [];

  constructor(
    private readonly document: PlacedDocument,
    private readonly scope: Scope,
  ) {}

  visit(value: Json, path: Path): Json {
    if (typeof value === 'string') {
      if (value.includes('${{')) return this.inText(value, path);
      const meant = OTHER_NOTATION.exec(value)?.[1];
      if (meant === undefined) return value;
      return (
        this.refuse('RECIPE_REFERENCE', path, value, 0, `${quote(value)} is a text.`, `Write \${{ ${meant} }}.`) ??
        value
      );
    }
    if (Array.isArray(value)) return value.map((item, index) => this.visit(item, [...path, index]));
    if (!isJsonMapping(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.visit(item!, [...path, key])]));
  }

  private inserted = 0;
  private isTooLong = false;

  private inText(text: string, path: Path): Json {
    const whole = /^\s*\$\{\{([^{}]*)\}\}\s*$/.exec(text);
    if (whole !== null) return this.resolve(path, text.trim(), whole[1]!.trim(), 0) ?? text;
    const seen = new Map<string, number>();
    const replaced = text.replaceAll(/\$\{\{([^{}]*)\}\}/g, (reference, inner: string) => {
      const nth = seen.get(reference) ?? 0;
      seen.set(reference, nth + 1);
      const value = this.inserted > INSERTED_MAX ? '' : this.resolve(path, reference, inner.trim(), nth);
      if (value !== null && typeof value === 'object') {
        const fix = 'Let the reference be the whole value.';
        this.refuse('RECIPE_REFERENCE', path, reference, nth, 'A list cannot stand inside a text.', fix);
      }
      if (value === undefined) return reference;
      const piece = String(value);
      this.inserted += piece.length;
      return piece;
    });
    if (this.inserted > INSERTED_MAX && !this.isTooLong) {
      this.isTooLong = true;
      const problem = `The references of this recipe stand for more than ${INSERTED_MAX} characters.`;
      this.refuse('RECIPE_TOO_LARGE', path, '${{', 0, problem, 'Write fewer of them, or shorter values.');
    }
    const rest = text.replaceAll(/\$\{\{([^{}]*)\}\}/g, '');
    if (rest.includes('${{')) {
      const fix = 'Write it as ${{ params.name }}.';
      this.refuse('RECIPE_REFERENCE', path, '${{', 0, 'This reference has no end.', fix);
    }
    return replaced;
  }

  /** Undefined for what cannot be resolved: then the path is noted. */
  private resolve(path: Path, reference: string, inner: string, nth: number): Json | undefined {
    if (this.scope.lost.has(inner.split('.', 1)[0]!)) {
      this.unresolved.push(path);
      return undefined;
    }
    const found = lookUp(inner, this.scope, path);
    if ('later' in found && !this.hasLabels(path[1]!)) {
      const [, name] = inner.split('.') as [string, string];
      return this.refuse('RECIPE_REFERENCE', path, reference, nth, ...noMatrix(this.stageAt(path[1]!).id, name));
    }
    if ('value' in found) return found.value;
    if ('problem' in found) this.refuse(found.code, path, reference, nth, found.problem, found.fix);
    else {
      this.unresolved.push(path);
      this.perCell.push(path);
    }
    return undefined;
  }

  /** Whether a stage has labels to refer to, or a misspelt key that may mean to give it some. */
  private hasLabels(index: string | number): boolean {
    return Object.keys(this.stageAt(index)).some((key) => nearest(key, ['matrix', 'each']) !== undefined);
  }

  private stageAt(index: string | number): { readonly [key: string]: Json | undefined } {
    const { stages } = this.document.value as { readonly stages: Readonly<Record<string | number, Json>> };
    const stage = stages[index];
    return isJsonMapping(stage) ? stage : {};
  }

  private refuse(code: string, path: Path, piece: string, nth: number, problem: string, fix: string): undefined {
    if (this.unresolved.at(-1) !== path) this.unresolved.push(path);
    if (this.problems.length >= PROBLEMS_MAX) return undefined;
    const place = this.document.locateText(path, piece, nth);
    this.problems.push(new UserError(code, problem, fix, { place, class: 'usage' }));
    return undefined;
  }
}

/** A whole value as a shell, Jinja or make would write a reference. */
const OTHER_NOTATION = /^\s*(?:\$\{|\{\{|\$\(|\$)\s*((?:params|matrix|env)\.[A-Za-z_][\w-]*)\s*(?:\}|\}\}|\))?\s*$/;

/** Mistakes that are looked for; nobody reads further. */
const PROBLEMS_MAX = 1000;
/** Characters that references may bring into the texts of a recipe; each can name a parameter of any length. */
const INSERTED_MAX = 1_000_000;

type Found =
  | { readonly value: Json }
  | { readonly code: string; readonly problem: string; readonly fix: string }
  | { readonly later: true };

function lookUp(inner: string, scope: Scope, path: Path): Found {
  const refuse = (problem: string, fix: string, code = 'RECIPE_REFERENCE') => ({ code, problem, fix });
  const parts = /^([A-Za-z]+)\.([A-Za-z_][\w-]*)$/.exec(inner);
  if (parts === null) {
    return refuse(
      `${quote(inner)} is not a reference.`,
      'Write ${{ params.name }}, ${{ matrix.name }} or ${{ env.NAME }}: nothing is computed.',
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
    if (scope.passed.has(name)) {
      return refuse(
        `The value of "${name}" stays out of recipes: env.pass hands it to stages alone, as it may be a secret.`,
        'List it under env.hash if it is none.',
        'RECIPE_ENV_PASS',
      );
    }
    if (!known.includes(name)) {
      const fix = didYouMean(name, known) || 'List it under env.hash.';
      return refuse(`The recipe does not declare the environment variable "${name}".`, fix);
    }
    const value = scope.env[name];
    if (value !== undefined) return { value };
    return refuse(`The environment variable "${name}" is not set.`, 'Set it before the run.', 'RECIPE_ENV');
  }
  if (space === 'matrix') return lookUpLabel(name, scope, path);
  return refuse(
    `"${space}" is nothing to refer to.`,
    didYouMean(space, ['params', 'matrix', 'env']) || 'References begin with params., matrix. or env.',
  );
}

function lookUpLabel(name: string, { cell }: Scope, path: Path): Found {
  const refuse = (problem: string, fix: string) => ({ code: 'RECIPE_REFERENCE', problem, fix });
  if (path[0] !== 'stages' || !PER_CELL.has(path[2] ?? '')) {
    const fix = 'References to a matrix may stand under "with" and "expect" of a stage.';
    return refuse('This cannot differ from cell to cell.', fix);
  }
  if (cell === null) return { later: true };
  if (Object.hasOwn(cell.labels, name)) return { value: cell.labels[name]! };
  const known = Object.keys(cell.labels);
  if (known.length === 0) return refuse(...noMatrix(cell.id, name));
  return refuse(`"${name}" has no value in ${cell.id}.`, didYouMeanOrKnown(name, known, ''));
}

function noMatrix(stage: unknown, name: string): [problem: string, fix: string] {
  const owner = typeof stage === 'string' ? `The stage "${stage}"` : 'This stage';
  return [`${owner} has no matrix that "${name}" could come from.`, `Add matrix: { ${name}: [ … ] }.`];
}
