import type { GateRecord, StageRecord } from '../artifacts/run-record.js';
import { valueAt } from '../plan/collected.js';
import type { Gate, Plan } from '../plan/plan.js';

/**
 * Judges every gate of the cells that have a result. Gates are no part of a key: a changed limit judges anew and
 * computes nothing.
 * @returns cell id to its judged gates, in the order of the recipe
 */
export function judgeGates(
  plan: Plan,
  records: ReadonlyMap<string, StageRecord>,
): ReadonlyMap<string, readonly GateRecord[]> {
  const judged = new Map<string, readonly GateRecord[]>();
  for (const cell of plan.cells) {
    if (!hasResult(records.get(cell.id))) continue;
    judged.set(
      cell.id,
      cell.gates.flatMap((gate) => judgeGate(gate, cell.id, records)),
    );
  }
  return judged;
}

export function hasResult(record: StageRecord | undefined): boolean {
  return record?.status === 'ran' || record?.status === 'cached';
}

function judgeGate(
  { metric, gate, against }: Gate,
  cell: string,
  records: ReadonlyMap<string, StageRecord>,
): GateRecord[] {
  const value = metricOf(records.get(cell), metric);
  const reference = against === null ? null : metricOf(records.get(against), metric);
  const isComparable = value !== null && reference !== null;
  const actuals = {
    min: value,
    max: value,
    maxDrop: isComparable ? reference - value : null,
    maxRise: isComparable ? value - reference : null,
  };
  return LIMITS.flatMap((op) => {
    const limit = gate[op];
    if (limit === undefined) return [];
    return [{ metric, op, limit, actual: actuals[op], passed: isWithin(op, limit, actuals[op]) }];
  });
}

const LIMITS = ['min', 'max', 'maxDrop', 'maxRise'] as const;

/** What is not known does not pass. */
function isWithin(op: GateRecord['op'], limit: number, actual: number | null): boolean {
  if (actual === null) return false;
  const slack = GATE_SLACK * Math.max(1, Math.abs(limit));
  return op === 'min' ? actual >= limit - slack : actual <= limit + slack;
}

// 0.9 - 0.89 is 0.010000000000000009: a drop of exactly the limit must pass.
const GATE_SLACK = 1e-12;

function metricOf(record: StageRecord | undefined, name: string): number | null {
  if (record === undefined || !hasResult(record)) return null;
  const { metrics } = record;
  // A stage that reports those of others has them under their whole names.
  const value = Object.hasOwn(metrics, name) ? metrics[name] : valueAt(metrics, name.split('.'));
  return typeof value === 'number' ? value : null;
}
