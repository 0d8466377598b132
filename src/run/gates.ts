import type { GateRecord, StageRecord } from '../artifacts/run-record.js';
import type { Json } from '../core/canonical-json.js';
import type { Plan } from '../plan/plan.js';

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
    const record = records.get(cell.id);
    if (record === undefined || !hasResult(record)) continue;
    judged.set(
      cell.id,
      cell.gates.flatMap(({ metric, gate }) => {
        const value = metricOf(cell.id, metric, records);
        const reference = gate.from === undefined ? null : metricOf(gate.from, metric, records);
        const change = value === null || reference === null ? null : value - reference;
        const all: GateRecord[] = [];
        if (gate.min !== undefined) all.push(judge(metric, 'min', gate.min, value));
        if (gate.max !== undefined) all.push(judge(metric, 'max', gate.max, value));
        if (gate.maxDrop !== undefined) {
          all.push(judge(metric, 'maxDrop', gate.maxDrop, change === null ? null : 0 - change));
        }
        if (gate.maxRise !== undefined) all.push(judge(metric, 'maxRise', gate.maxRise, change));
        return all;
      }),
    );
  }
  return judged;
}

/**
 * A metric of a cell, its own or that of the evaluation which `measure` added behind it; null if there is none.
 * @param name may lead into a structured metric: "latencyMs.p50"
 */
export function metricOf(cell: string, name: string, records: ReadonlyMap<string, StageRecord>): number | null {
  for (const id of [cell, measureCellOf(cell)]) {
    const record = records.get(id);
    if (record === undefined || !hasResult(record)) continue;
    const value = valueAt(record.metrics, name);
    if (typeof value === 'number') return value;
  }
  return null;
}

export function measureCellOf(cell: string): string {
  return `${cell}.measure`;
}

export function hasResult(record: StageRecord): boolean {
  return record.status === 'ran' || record.status === 'cached';
}

function valueAt(metrics: Readonly<Record<string, Json>>, name: string): Json | undefined {
  let value: Json | undefined = metrics[name];
  if (value !== undefined) return value;
  value = metrics;
  for (const key of name.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    value = (value as Readonly<Record<string, Json | undefined>>)[key];
  }
  return value;
}

function judge(metric: string, op: GateRecord['op'], limit: number, actual: number | null): GateRecord {
  const slack = GATE_SLACK * Math.max(1, Math.abs(limit));
  const passed = actual !== null && (op === 'min' ? actual >= limit - slack : actual <= limit + slack);
  return { metric, op, limit, actual, passed };
}

// 0.9 - 0.89 is 0.010000000000000009: a drop of exactly the limit must pass.
const GATE_SLACK = 1e-12;
