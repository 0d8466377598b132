import type { PastRun } from '../artifacts/past-runs.js';
import type { StageStatus } from '../artifacts/run-record.js';
import type { Rows } from './rows.js';
import { formatDuration } from './units.js';

/** A run in a line. */
export interface HistoryEntry {
  readonly id: string;
  /** Null for a run that still runs, or was killed. */
  readonly startedAt: string | null;
  readonly recipe: string | null;
  readonly status: 'succeeded' | 'failed' | 'gate-failed' | 'interrupted' | 'unfinished';
  readonly durationMs: number | null;
  /** How many cells ended how. */
  readonly cells: Readonly<Partial<Record<StageStatus, number>>>;
}

export function historyOf(runs: readonly PastRun[]): HistoryEntry[] {
  return runs.map(({ id, record }) => {
    if (record === null) {
      return { id, startedAt: null, recipe: null, status: 'unfinished', durationMs: null, cells: {} };
    }
    const cells: Partial<Record<StageStatus, number>> = {};
    for (const { status } of record.stages) cells[status] = (cells[status] ?? 0) + 1;
    const durationMs = Date.parse(record.finishedAt) - Date.parse(record.startedAt);
    const { startedAt, status, recipe } = record;
    return { id, startedAt, recipe: recipe.name, status, durationMs, cells };
  });
}

export function historyRows(entries: readonly HistoryEntry[]): Rows {
  return {
    head: ['run', 'started', 'recipe', 'status', 'took', 'cells'],
    align: ['left', 'left', 'left', 'left', 'right', 'left'],
    rows: entries.map(({ id, startedAt, recipe, status, durationMs, cells }) => [
      id,
      startedAt === null ? '–' : startedAt.replace('T', ' ').slice(0, 19),
      recipe ?? '–',
      status,
      durationMs === null ? '–' : formatDuration(durationMs),
      Object.entries(cells)
        .map(([each, count]) => `${count} ${each}`)
        .join(', ') || '–',
    ]),
  };
}
