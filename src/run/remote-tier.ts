import type { ActionRecord } from '../artifacts/action-record.js';
import type { ExpectedResult } from '../artifacts/remote/check-record.js';
import type { RemoteResults } from '../artifacts/remote/remote-results.js';
import type { Cell } from '../plan/plan.js';
import type { CellKey } from './run-cell.js';
import { Slots } from './slots.js';

/** Why a cell is cached that was not so here. */
export const FOUND_REMOTELY = 'found in the remote cache';

/** What the cells of a run see of a remote cache. Nothing here throws. */
export interface RemoteTier {
  /** The remote's result, verified and in the local store by now; null if it has none that can be used. */
  fetch(cell: Cell, key: CellKey): Promise<ActionRecord | null>;
  /** Stores what was computed here there as well, in the background, if that is wanted. */
  offer(cell: Cell, record: ActionRecord): void;
}

export function remoteTier(results: RemoteResults): RemoteTier {
  const slots = new Slots(LOOKUPS_MAX);
  return {
    async fetch(cell, key) {
      if (!isShared(cell)) return null;
      return slots.use(() => results.fetch(key.key, expectedOf(cell), key.details));
    },
    offer(cell, record) {
      if (isShared(cell)) results.offer(record);
    },
  };
}

/** Their clocks run while they wait for a connection. */
const LOOKUPS_MAX = 8;

/** What a result of a cell has to hold. */
export function expectedOf({ definition: { outputs, metrics } }: Cell): ExpectedResult {
  const made = Object.keys(outputs).filter((slot) => outputs[slot] === 'model');
  return { outputs: made, metrics: Object.keys(metrics) };
}

/** A stage that makes nothing and measures speed says something of the machine that it ran on; a choice costs nothing. */
export function isShared({ definition: { outputs, metrics } }: Cell): boolean {
  const slots = Object.values(outputs);
  if (!slots.every((spec) => spec === 'model' || 'same' in spec)) return false;
  return (
    slots.includes('model') || !Object.values(metrics).some(({ unit, varies }) => varies === true || unit === 'ms')
  );
}
