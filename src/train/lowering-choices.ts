import { readFileSync } from 'node:fs';
import type { ChooseLowering } from '../autodiff/index.js';
import { UserError } from '../core/errors.js';

/** Ways to compute heavy pieces of a training step, by piece and shapes, as `lathe tune-lowerings` writes them into a file. */
export interface LoweringChoices {
  /** The class of CPU that they were measured on. */
  readonly cpuClass: string;
  readonly choices: ReadonlyMap<string, string>;
}

const VERSION = 1;

/** The content of a file for choices. Measured times are not in it: it changes only where a choice does. */
export function formatLoweringChoices({ cpuClass, choices }: LoweringChoices): string {
  const sorted = [...choices].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ latheLowerings: VERSION, cpuClass, choices: Object.fromEntries(sorted) }, null, 2)}\n`;
}

/** Throws TRAIN_LOWERINGS for a file that is not of this kind. */
export function readLoweringChoices(path: string): LoweringChoices {
  const text = readFileSync(path, 'utf8');
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw notChoices(path, `it is not JSON: ${(cause as Error).message}`, cause);
  }
  const { latheLowerings, cpuClass, choices } = (content ?? {}) as Record<string, unknown>;
  if (latheLowerings !== VERSION) throw notChoices(path, `its "latheLowerings" is not ${VERSION}`);
  if (typeof cpuClass !== 'string') throw notChoices(path, 'its "cpuClass" is not a text');
  if (typeof choices !== 'object' || choices === null || Array.isArray(choices)) {
    throw notChoices(path, 'its "choices" are not an object');
  }
  const entries = Object.entries(choices);
  const wrong = entries.find(([, way]) => typeof way !== 'string');
  if (wrong !== undefined) throw notChoices(path, `what it chooses for "${wrong[0]}" is not a text`);
  return { cpuClass, choices: new Map(entries as [string, string][]) };
}

/**
 * Answers with the choices; what they do not name is left to the rule over shapes.
 * The answer throws TRAIN_LOWERINGS for a way that does not exist or cannot compute the piece.
 */
export function chooserFrom(path: string, { choices }: LoweringChoices): ChooseLowering {
  return ({ key, ways }) => {
    const way = choices.get(key);
    if (way !== undefined && !ways.includes(way)) {
      throw notChoices(path, `it chooses "${way}" for "${key}", where ${ways.join(', ')} are possible`);
    }
    return way;
  };
}

function notChoices(path: string, reason: string, cause?: unknown): UserError {
  return new UserError(
    'TRAIN_LOWERINGS',
    `${path} cannot be used as \`lowerings\`: ${reason}.`,
    'Write the file with `lathe tune-lowerings`, by this version of Lathe.',
    cause === undefined ? {} : { cause },
  );
}
