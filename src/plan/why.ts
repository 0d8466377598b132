import type { ActionRecord, KeyDetails } from '../artifacts/action-record.js';
import type { StageStatus } from '../artifacts/run-record.js';
import type { Json } from '../core/canonical-json.js';
import { isJsonMapping } from '../core/json-schema/schema.js';
import { type Change, explainChanges, summarizeChanges } from './explain.js';

/** What is remembered of earlier runs and results. */
export interface Memory {
  /** A cell's keys in earlier runs of its recipe, the last run first. */
  keysOf(cell: string): Promise<readonly PastKey[]>;
  /** The result for a key as its record tells; null if the cache has none. */
  peek(key: string): Promise<ActionRecord | null>;
  /** Results of any recipe, the newest first; not more than are worth looking at. */
  recent(): Promise<readonly ActionRecord[]>;
}

export interface PastKey {
  readonly run: string;
  readonly key: string;
  readonly status: StageStatus;
}

/** A cell's key, what went into it, and what that stands for. */
export interface ExplainableKey {
  /** Null while the digest of an input is not known. */
  readonly key: string | null;
  readonly record: Json;
  readonly details: KeyDetails;
}

/** Why a cell has no result. */
export interface Reason {
  /** In one line. */
  readonly text: string;
  readonly changes: readonly Change[];
  /** The earlier result that differs by these changes; null if there is none of this kind of stage. */
  readonly comparedWith: { readonly key: string; readonly run: string | null; readonly createdAt: string } | null;
}

/** Stands for the digest of a model that is yet to be made. */
export const PENDING = 'pending';

/**
 * What changed since the nearest earlier result: that of the cell in the last run that has one; otherwise, of all results
 * of the same kind of stage, the one with the fewest differing fields.
 */
export async function whyMiss(cell: string, now: ExplainableKey, memory: Memory): Promise<Reason> {
  const past = await memory.keysOf(cell);
  const last = past[0];
  if (last !== undefined && last.key === now.key) {
    return { text: REASONS[last.status], changes: [], comparedWith: null };
  }
  for (const { run, key } of past) {
    const record = key === now.key ? null : await memory.peek(key);
    if (record !== null) return reasonFrom(record, changesSince(record, now), run);
  }
  let best: { readonly record: ActionRecord; readonly changes: Change[] } | undefined;
  for (const record of await memory.recent()) {
    if (record.key === now.key || pluginName(record.keyRecord) !== pluginName(now.record)) continue;
    const changes = changesSince(record, now);
    if (best === undefined || changes.length < best.changes.length) best = { record, changes };
  }
  if (best !== undefined) {
    const reason = reasonFrom(best.record, best.changes, null);
    // The result of some other recipe explains nothing in one line; `lathe explain` still lists all that differs.
    return best.changes.length > MOST_RELATED ? { ...reason, text: NO_RESULT } : reason;
  }
  return { text: NO_RESULT, changes: [], comparedWith: null };
}

const NO_RESULT = 'no result for this key';

/** A result that differs in more fields than this is of another undertaking. */
const MOST_RELATED = 3;

const REASONS: Readonly<Record<StageStatus, string>> = {
  ran: 'its result is no longer in the cache',
  cached: 'its result is no longer in the cache',
  failed: 'it failed in the last run',
  skipped: 'it was skipped in the last run',
  cancelled: 'it was interrupted in the last run',
};

function changesSince({ keyRecord, details }: ActionRecord, now: ExplainableKey): Change[] {
  // What depends on a model that is yet to be made is not known to have changed.
  return explainChanges({ record: keyRecord, details: details ?? null }, now).filter(({ after }) => after !== PENDING);
}

function reasonFrom({ key, createdAt }: ActionRecord, changes: Change[], run: string | null): Reason {
  return { text: summarizeChanges(changes), changes, comparedWith: { key, run, createdAt } };
}

function pluginName(record: Json): Json | undefined {
  if (!isJsonMapping(record) || !isJsonMapping(record.plugin)) return undefined;
  return record.plugin.name;
}
