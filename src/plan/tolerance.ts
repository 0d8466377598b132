import { UserError } from '../core/errors.js';
import { didYouMeanOrKnown } from '../core/json-schema/problems.js';
import { parseUnit } from '../core/units.js';
import type { MetricSpec } from '../plugin/stage.js';

/** How far a metric may be from the one in the lockfile: the larger of the two. */
export interface Tolerance {
  readonly absolute: number;
  /** Of the locked value. */
  readonly relative: number;
}

/** What is allowed where nothing else is said, by the unit of the metric. */
export function defaultTolerance({ unit }: MetricSpec): Tolerance {
  return DEFAULTS[unit] ?? OTHERWISE;
}

// Other kernels round otherwise, and training amplifies it: a model comes out with about the same quality, not the same
// bits. One percentage point is what seeds differ by on the shipped recipes.
const DEFAULTS: Readonly<Record<string, Tolerance>> = {
  ratio: { absolute: 0.01, relative: 0 },
  nats: { absolute: 0.01, relative: 0.1 },
  count: { absolute: 0, relative: 0.02 },
  bytes: { absolute: 0, relative: 0.05 },
};
const OTHERWISE: Tolerance = { absolute: 0, relative: 0.1 };

/**
 * Tolerances from a command line: "accuracy=0.02" is absolute, "gzipBytes=5%" relative. Throws CLI_TOLERANCE.
 * @param known the metrics that there are
 */
export function parseTolerances(written: readonly string[], known: readonly string[]): ReadonlyMap<string, Tolerance> {
  return new Map(
    written.map((text) => {
      const at = text.indexOf('=');
      const [name, value] = [text.slice(0, at), text.slice(at + 1).trim()];
      const tolerance = value === '' ? undefined : toleranceOf(value);
      if (at < 1 || tolerance === undefined) {
        const fix = 'Write a metric and how far it may be off: accuracy=0.01, or gzipBytes=5% of the locked value.';
        throw new UserError('CLI_TOLERANCE', `"${text}" is no tolerance.`, fix, { class: 'usage' });
      }
      if (!known.includes(name)) {
        const fix = didYouMeanOrKnown(name, known, 'The lockfile has no metrics.');
        throw new UserError('CLI_TOLERANCE', `The lockfile has no metric "${name}".`, fix, { class: 'usage' });
      }
      return [name, tolerance];
    }),
  );
}

/** 0.02 is absolute, 5% of the locked value. Undefined for what is neither. */
export function toleranceOf(written: number | string): Tolerance | undefined {
  const relative = typeof written === 'string' ? parseUnit(written, 'ratio') : undefined;
  const number = relative ?? Number(written);
  if (!(number >= 0) || !Number.isFinite(number)) return undefined;
  return relative === undefined ? { absolute: number, relative: 0 } : { absolute: 0, relative };
}

/** Whether a metric is near enough to the locked one. */
export function isWithin(locked: number, actual: number, { absolute, relative }: Tolerance): boolean {
  return Math.abs(actual - locked) <= Math.max(absolute, relative * Math.abs(locked)) * (1 + ROUNDING);
}

// 0.97 - 0.96 is 0.010000000000000009: off by exactly the tolerance is near enough.
const ROUNDING = 1e-9;
