import { collectedSlot, labelOfSlot } from './collected.js';
import type { Cell } from './plan.js';

/** A cell after some of those that it needs have ended without a result. */
export interface Remaining {
  /**
   * Without the collected cells that are missing or whose model or metrics are: it compares what is left, as if the sweep
   * had been smaller, and has the key of that.
   */
  readonly cell: Cell;
  /** The labels of those that were left out. */
  readonly lost: readonly string[];
  /** A cell that it cannot do without and that has no result; undefined if there is none. */
  readonly blocker: string | undefined;
}

/** @param missing the ids of cells that ended without a result */
export function remainingOf(cell: Cell, missing: ReadonlySet<string>): Remaining {
  const blockers = cell.dependsOn.filter((id) => missing.has(id));
  if (cell.collected === null || blockers.length === 0) return { cell, lost: [], blocker: blockers[0] };
  const neededBy = new Map(Object.keys(cell.collected).map((label) => [label, neededForLabel(cell, label)]));
  const lost = [...neededBy].flatMap(([label, needed]) => (needed.some((id) => missing.has(id)) ? label : []));
  if (lost.length === neededBy.size) return { cell, lost, blocker: blockers[0] };
  const dispensable = new Set(lost.flatMap((label) => neededBy.get(label)!));
  const slots = Object.entries(cell.inputs).filter(([slot]) => !lost.includes(labelOfSlot(slot) ?? ''));
  const collected = Object.entries(cell.collected).filter(([label]) => !lost.includes(label));
  return {
    cell: { ...cell, inputs: Object.fromEntries(slots), collected: Object.fromEntries(collected) },
    lost,
    // Also what another input takes: only what is there for the sake of the collected ones can be missing.
    blocker: blockers.find((id) => !dispensable.has(id) || takesOtherwise(cell, id)),
  };
}

/** The collected cell, the one that makes its model, and those that report its metrics. */
function neededForLabel({ collected, inputs }: Cell, label: string): string[] {
  const { cell, metrics } = collected![label]!;
  const source = inputs[collectedSlot(label)];
  const maker = source?.kind === 'cell' ? [source.cell] : [];
  return [cell, ...maker, ...Object.values(metrics).map((metric) => metric.cell)];
}

function takesOtherwise({ inputs }: Cell, id: string): boolean {
  return Object.entries(inputs).some(
    ([slot, source]) => labelOfSlot(slot) === null && source.kind === 'cell' && source.cell === id,
  );
}
