import { UserError } from '../core/errors.js';
import { matchingTexts } from '../core/matching-texts.js';
import { shownList } from '../core/shown-name.js';

/** Names that match `from` as a whole go to `to`, where $1, $2 … stand for the groups. */
export interface NameRule {
  readonly from: string;
  readonly to: string;
}

/**
 * Where each source name goes by the first rule that matches it; equal names without rules. Names that no rule matches are absent;
 * the name that a rule gives need not be a target.
 * Throws TRANSFER_MAP if a rule is no regular expression, applies to nothing, gives no name that the target has, or sends two sources
 * to one target.
 */
export function pairNames(
  sources: readonly string[],
  targets: readonly string[],
  rules?: readonly NameRule[],
): Map<string, string> {
  const known = new Set(targets);
  if (rules === undefined) return new Map(sources.filter((name) => known.has(name)).map((name) => [name, name]));
  const pairs = new Map<string, string>();
  const takenBy = new Map<string, string>();
  const compiled = rules.map((rule) => ({ ...rule, ...compile(rule.from, sources), matches: 0, hits: 0 }));
  for (const name of sources) {
    const rule = compiled.find(({ matching }) => matching.has(name));
    if (rule === undefined) continue;
    rule.matches++;
    const target = name.replace(rule.pattern, rule.to);
    const other = takenBy.get(target);
    if (other !== undefined) {
      throw new UserError(
        'TRANSFER_MAP',
        `map sends both "${other}" and "${name}" to "${target}".`,
        'Make the rules give every source a target of its own.',
      );
    }
    if (known.has(target)) rule.hits++;
    pairs.set(name, target);
    takenBy.set(target, name);
  }
  for (const rule of compiled) if (rule.hits === 0) throw uselessRule(rule, sources, targets);
  return pairs;
}

function compile(from: string, sources: readonly string[]): Pattern {
  let pattern: RegExp;
  try {
    pattern = new RegExp(`^(?:${from})$`, 's');
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new UserError('TRANSFER_MAP', `"${from}" under map is no regular expression: ${reason}.`, '', { cause });
  }
  const matching = matchingTexts(pattern, sources);
  if (matching !== null) return { pattern, matching };
  throw new UserError(
    'TRANSFER_MAP',
    `"${from}" under map takes more than two seconds to compare with the names of the source.`,
    'Write it without repetitions inside repetitions, such as (a+)+.',
  );
}

interface Pattern {
  readonly pattern: RegExp;
  /** The names that it matches. */
  readonly matching: ReadonlySet<string>;
}

function uselessRule(
  { from, to, matching, matches }: NameRule & Pattern & { readonly matches: number },
  sources: readonly string[],
  targets: readonly string[],
): UserError {
  if (matches > 0) {
    const problem = `The rule from "${from}" to "${to}" under map gives no name that the target has.`;
    return new UserError('TRANSFER_MAP', problem, `The target has ${shownList(targets)}.`);
  }
  if (matching.size > 0) {
    const problem = `The rule "${from}" under map never applies: earlier rules match all its names.`;
    return new UserError('TRANSFER_MAP', problem, 'Put it before them, or remove it.');
  }
  const problem = `"${from}" under map matches no tensor of the source, which has ${shownList(sources)}.`;
  return new UserError('TRANSFER_MAP', problem, 'A rule must match a whole name: "conv.*", not "conv".');
}
