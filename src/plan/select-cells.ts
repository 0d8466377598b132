import { UserError, UserErrors } from '../core/errors.js';
import { didYouMeanOrKnown } from '../core/json-schema/problems.js';
import type { Cell, Plan } from './plan.js';

export interface Selection {
  /** These stages or cells and what they need. */
  readonly only?: readonly string[];
  /** These stages or cells, what comes after them, and what all of those need. */
  readonly fromStage?: readonly string[];
}

/**
 * The part of a plan that a command line asks for, with the exports that it still makes; the whole plan if it asks for nothing.
 * A selected stage brings the cell that measures it. Throws UserErrors (PLAN_SELECTION) for unknown stages.
 */
export function selectCells(plan: Plan, { only = [], fromStage = [] }: Selection): Plan {
  const ids = [...new Set(plan.cells.map(({ stage }) => stage))];
  const known = new Set(plan.cells.flatMap(({ id, stage }) => [id, stage]));
  const refuse = (flag: string, names: readonly string[]) =>
    names
      .filter((name) => !known.has(name))
      .map(
        (name) =>
          new UserError(
            'PLAN_SELECTION',
            `${flag} ${name}: there is no such stage.`,
            didYouMeanOrKnown(name, ids, ''),
            { class: 'usage' },
          ),
      );
  const problems = [...refuse('--only', only), ...refuse('--from-stage', fromStage)];
  if (problems.length > 0) throw new UserErrors(problems);
  if (only.length === 0 && fromStage.length === 0) return plan;

  const wanted = new Set(
    plan.cells.filter((cell) => isNamed(cell, only) || isNamed(cell, fromStage)).map(({ id }) => id),
  );
  // The cells are in topological order: one pass forwards finds everything downstream, one backwards everything upstream.
  const downstream = new Set(plan.cells.filter((cell) => isNamed(cell, fromStage)).map(({ id }) => id));
  for (const cell of plan.cells) if (cell.dependsOn.some((id) => downstream.has(id))) downstream.add(cell.id);
  for (const id of downstream) wanted.add(id);
  for (const cell of [...plan.cells].reverse())
    if (wanted.has(cell.id)) for (const id of cell.dependsOn) wanted.add(id);
  const cells: Cell[] = plan.cells.filter(({ id }) => wanted.has(id));
  return { ...plan, cells, exports: plan.exports.filter(({ cell }) => wanted.has(cell)) };
}

/** A stage means all its cells. */
export function isNamed({ id, stage }: Pick<Cell, 'id' | 'stage'>, names: readonly string[]): boolean {
  return names.includes(stage) || names.includes(id);
}
