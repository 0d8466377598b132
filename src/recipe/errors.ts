import { type Place, UserError } from '../core/errors.js';
import type { SchemaProblem } from '../core/json-schema/problems.js';
import type { Path } from '../core/path.js';

const CODES = {
  'unknown-key': 'RECIPE_UNKNOWN_KEY',
  'missing-key': 'RECIPE_MISSING_KEY',
  type: 'RECIPE_TYPE',
  value: 'RECIPE_VALUE',
} as const;

/** Nobody reads further, and the place of each has to be found. */
const PROBLEMS_MAX = 1000;

/**
 * What a schema has against a part of a recipe, as errors with their places.
 * @param locate the place of the value or key at a problem's path
 * @param hint more to say of an unknown key that resembles no known one, or of a value that has no fix of its own
 */
export function schemaErrors(
  problems: readonly SchemaProblem[],
  locate: (path: Path, target: 'key' | 'value') => Place,
  hint: (path: Path, kind: SchemaProblem['kind']) => string | undefined = () => undefined,
): UserError[] {
  return problems.slice(0, PROBLEMS_MAX).map(({ kind, path, problem, fix }) => {
    const isOpen = kind === 'unknown-key' ? !fix.startsWith('Did you mean') : fix === '';
    const better = isOpen ? hint(path, kind) : undefined;
    // A key that is missing, or one that misses its companion, is shown where it would stand.
    const target = kind === 'unknown-key' || kind === 'missing-key' ? 'key' : 'value';
    return new UserError(CODES[kind], problem, [better ?? '', fix].filter((part) => part !== '').join(' '), {
      place: locate(path, target),
      class: 'usage',
    });
  });
}
