import type { ActionRecord } from '../artifacts/action-record.js';
import { type LookAheadTools, lookAhead } from './look-ahead.js';
import type { Cell, Plan } from './plan.js';
import { type Memory, type Reason, whyMiss } from './why.js';

/** What a run would do with a cell. */
export interface CellForecast {
  readonly cell: Cell;
  /** 'unknown' if it depends on what a stage that has yet to run will make. */
  readonly cache: 'hit' | 'miss' | 'unknown';
  readonly key: string | null;
  /** The cached result. */
  readonly record: ActionRecord | null;
  /** Cells that must run first and whose models it takes. */
  readonly waitsFor: readonly string[];
  /** Why it is no hit; null for a hit. */
  readonly reason: Reason | null;
}

export interface ForecastTools extends Pick<LookAheadTools, 'keyOf'> {
  readonly memory: Memory;
}

/** What `lathe run` would do with every cell, as far as it can be known beforehand. Computes and writes nothing. */
export async function forecastPlan(plan: Plan, { keyOf, memory }: ForecastTools): Promise<CellForecast[]> {
  const forecasts: CellForecast[] = [];
  for (const { cell, cache, key, record, waitsFor } of await lookAhead(plan, { keyOf, peek: memory.peek })) {
    const known = cache === 'unknown' ? null : key.key;
    const now = () => ({ key: known, record: key.record, details: key.details() });
    const reason = record === null ? await whyMiss(cell.id, now(), memory) : null;
    forecasts.push({ cell, cache, key: known, record, waitsFor, reason });
  }
  return forecasts;
}

/** Why a cell would run, or that it would not, in one line. */
export function whyText({ reason, waitsFor }: CellForecast): string {
  if (reason === null) return 'unchanged';
  const first = waitsFor.length === 0 ? [] : [`after ${waitText(waitsFor)}`];
  // Of what waits, only changes of its own are worth telling.
  const own = reason.text === '' || (reason.comparedWith === null && first.length > 0) ? [] : [reason.text];
  return [...own, ...first].join('; ');
}

/** Of many cells, how many of each stage. */
function waitText(cells: readonly string[]): string {
  if (cells.length <= MOST_NAMED) return cells.join(', ');
  const counts = new Map<string, number>();
  for (const cell of cells) {
    const stage = cell.replace(/\[.*\]/, '');
    counts.set(stage, (counts.get(stage) ?? 0) + 1);
  }
  return [...counts].map(([stage, count]) => (count === 1 ? stage : `${count} cells of ${stage}`)).join(', ');
}

const MOST_NAMED = 3;
