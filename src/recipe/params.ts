import { parseDocument } from 'yaml';
import type { Json } from '../core/canonical-json.js';
import { UserError } from '../core/errors.js';
import { didYouMeanOrKnown } from '../core/json-schema/problems.js';
import { describeValue, quote } from '../core/json-schema/words.js';

/**
 * The recipe's parameters with the values that the command line sets.
 * @param settings "name=value" each; the value is read as YAML, or taken as it is where the declared value is a text
 * @param problems receives RECIPE_SET for every setting that is malformed, unknown or of another type than declared
 */
export function withSettings(
  declared: Readonly<Record<string, Json>>,
  settings: readonly string[],
  problems: UserError[],
): Record<string, Json> {
  const values: Record<string, Json> = { ...declared };
  for (const setting of settings) {
    const refuse = (problem: string, fix: string) =>
      problems.push(new UserError('RECIPE_SET', `--set ${setting}: ${problem}`, fix, { class: 'usage' }));
    const equals = setting.indexOf('=');
    if (equals < 1) {
      refuse('the value is missing.', 'Write --set name=value.');
      continue;
    }
    const name = setting.slice(0, equals);
    const text = setting.slice(equals + 1);
    const declaration = declared[name];
    if (!Object.hasOwn(declared, name) || declaration === undefined) {
      const none = 'This recipe declares no params.';
      refuse(`${quote(name)} is no parameter of this recipe.`, didYouMeanOrKnown(name, Object.keys(declared), none));
      continue;
    }
    const value = typeof declaration === 'string' ? text : parseValue(text);
    if (value === undefined) refuse(`${quote(text)} is not a number, a text, true, false or a list.`, '');
    else if (declaration !== null && typeName(value) !== typeName(declaration)) {
      refuse(
        `${quote(name)} takes ${typeName(declaration)}, not ${describeValue(value)}.`,
        `Declared: ${JSON.stringify(declaration)}.`,
      );
    } else values[name] = value;
  }
  return values;
}

/** A scalar or a list of scalars, or undefined. */
function parseValue(text: string): Json | undefined {
  const document = parseDocument(text, { version: '1.2', schema: 'core', prettyErrors: false, logLevel: 'error' });
  if (document.errors.length > 0 || document.warnings.length > 0) return undefined;
  const value = document.toJS({ maxAliasCount: 0 }) as unknown;
  const isScalar = (each: unknown): each is Json =>
    each === null ||
    typeof each === 'string' ||
    typeof each === 'boolean' ||
    (typeof each === 'number' && Number.isFinite(each));
  if (isScalar(value)) return value;
  return Array.isArray(value) && value.every(isScalar) ? (value as Json[]) : undefined;
}

function typeName(value: Json): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'number' ? 'a number' : typeof value === 'boolean' ? 'true or false' : 'a text';
}
