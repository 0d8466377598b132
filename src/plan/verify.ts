import { lockDifferences } from '../artifacts/lock-differences.js';
import type { LockedRuntime, Lockfile } from '../artifacts/lockfile.js';
import type { MetricSpec } from '../plugin/stage.js';
import type { Plan } from './plan.js';
import { defaultTolerance, isWithin, type Tolerance } from './tolerance.js';

/** How a recomputed cell compares with the lockfile. */
export interface Verdict {
  readonly cell: string;
  readonly isSame: boolean;
  /** What differs, and by more than is allowed. */
  readonly notes: readonly string[];
}

/** Bits can be expected to be equal: same kernels on the same instructions. A GPU promises nothing of the kind. */
export function hasSameBits(a: LockedRuntime, b: LockedRuntime): boolean {
  return a.onnxruntime === b.onnxruntime && a.provider === 'cpu' && b.provider === 'cpu' && a.cpuClass === b.cpuClass;
}

/** Compares digests and metrics, all of which must be equal. */
export function compareBits(locked: Lockfile, made: Lockfile): Verdict[] {
  // Keys were compared before; they may hold what no lockfile tells.
  const differences = lockDifferences(locked, made).filter(({ field }) => field !== 'key');
  return Object.keys(made.cells).map((cell) => {
    const notes = differences.filter((each) => each.cell === cell).map(({ text }) => text.slice(cell.length + 2));
    return { cell, isSame: notes.length === 0, notes };
  });
}

/** Compares metrics within tolerances. @param given those that replace what the recipe says, and the default of a metric */
export function compareMetrics(
  plan: Plan,
  locked: Lockfile,
  made: Lockfile,
  given: ReadonlyMap<string, Tolerance>,
): Verdict[] {
  return plan.cells.map(({ id, metrics, tolerances }) => {
    const [before, after] = [locked.cells[id]!.metrics, made.cells[id]!.metrics];
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    const notes = names.flatMap((name) => {
      const tolerance = given.get(name) ?? tolerances[name] ?? defaultTolerance(metrics[name] ?? UNKNOWN);
      return compareMetric(name, before[name], after[name], tolerance);
    });
    return { cell: id, isSame: notes.length === 0, notes };
  });
}

const UNKNOWN: MetricSpec = { unit: '' };

function compareMetric(
  name: string,
  before: number | undefined,
  after: number | undefined,
  tolerance: Tolerance,
): string[] {
  if (before === undefined) return [`${name} is not in the lockfile`];
  if (after === undefined) return [`${name} was not reported`];
  if (isWithin(before, after, tolerance)) return [];
  const { absolute, relative } = tolerance;
  const allowed = Math.max(absolute, relative * Math.abs(before));
  return [`${name} ${before} → ${after}, off by more than ${Number(allowed.toPrecision(3))}`];
}
