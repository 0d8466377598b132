import type { Plan } from '../plan/plan.js';
import { isNamed } from '../plan/select-cells.js';

export interface ForceOptions {
  readonly force: boolean;
  readonly only: readonly string[];
  readonly fromStage: readonly string[];
}

/**
 * The cells that are computed even if the cache has their results: with `--force`, those that `--only` and
 * `--from-stage` name (with what follows), or all if these name none.
 */
export function forcedCells(plan: Plan, { force, only, fromStage }: ForceOptions): ReadonlySet<string> {
  if (!force) return new Set();
  if (only.length === 0 && fromStage.length === 0) return new Set(plan.cells.map((cell) => cell.id));
  const downstream = new Set<string>();
  // Topological order: whatever a cell depends on has been decided before it.
  for (const cell of plan.cells) {
    if (isNamed(cell, fromStage) || cell.dependsOn.some((id) => downstream.has(id))) downstream.add(cell.id);
  }
  return new Set([...downstream, ...plan.cells.filter((cell) => isNamed(cell, only)).map((cell) => cell.id)]);
}
