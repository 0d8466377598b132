/** Where a user's mistake is: a position in a text file, or a place in a graph. */
export type Place =
  | {
      readonly kind: 'text';
      readonly file: string;
      readonly line: number;
      readonly column: number;
      readonly length?: number;
      readonly source?: string;
    }
  | { readonly kind: 'graph'; readonly node: string; readonly opType: string; readonly tensor?: string }
  | { readonly kind: 'file'; readonly file: string };

/** What went wrong decides the exit code: the recipe (2), a stage (1), a gate (3), a frozen run (4), the machine or the cache (5). */
export type ErrorClass = 'usage' | 'stage' | 'gate' | 'frozen' | 'infrastructure';

export interface UserErrorDetails {
  readonly place?: Place;
  readonly cause?: unknown;
  /** Default 'stage' while a stage runs, 'usage' before: the thrower overrides it where it knows better. */
  readonly class?: ErrorClass;
  /** Path of the option at fault inside a plugin's options, for instance ['optimizer', 'lr']: the plan finds its place in the recipe. */
  readonly option?: readonly (string | number)[];
}

const BRAND = Symbol.for('onnx-lathe.UserError');

/**
 * A mistake that the user can mend: what is wrong, and how to put it right.
 * Anything else that is thrown is a bug of ours and is shown as one.
 * @param code upper-case words joined by `_`; each has a paragraph in docs/errors.md
 * @param problem one sentence that quotes the user's own value, no trailing newline
 * @param fix what to do, as a sentence; '' if the problem says it already
 */
export class UserError extends Error {
  readonly code: string;
  readonly problem: string;
  readonly fix: string;
  readonly place: Place | undefined;
  readonly class: ErrorClass | undefined;
  readonly option: readonly (string | number)[] | undefined;

  constructor(code: string, problem: string, fix: string, details: UserErrorDetails = {}) {
    super(
      fix === '' ? problem : `${problem} ${fix}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.name = 'UserError';
    this.code = code;
    this.problem = problem;
    this.fix = fix;
    this.place = details.place;
    this.class = details.class;
    this.option = details.option;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** The same error with a place; an error that already has one keeps its own. */
  at(place: Place): UserError {
    return this.place === undefined ? this.with({ place }) : this;
  }

  /** The same error with other details; the others stay. */
  with(details: UserErrorDetails): UserError {
    const { place, cause, option } = this;
    const own: UserErrorDetails = {
      cause,
      ...(place === undefined ? {} : { place }),
      ...(this.class === undefined ? {} : { class: this.class }),
      ...(option === undefined ? {} : { option }),
    };
    return new UserError(this.code, this.problem, this.fix, { ...own, ...details });
  }
}

/** True for a UserError of this or any other copy of the package (a plugin may bring its own). */
export function isUserError(value: unknown): value is UserError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true;
}

/** Several mistakes that are reported together, each of them one root cause. */
export class UserErrors extends Error {
  readonly errors: readonly UserError[];

  constructor(errors: readonly UserError[]) {
    super(errors.map((error) => error.message).join('\n'));
    this.name = 'UserErrors';
    this.errors = errors;
  }
}
