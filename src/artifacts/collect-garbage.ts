import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { lockOwner } from './key-lock.js';
import { USE_LAG_MS } from './last-use.js';
import { removeLeftovers } from './leftovers.js';
import { neededKeys } from './needed-keys.js';
import { oldestLive } from './needs.js';
import { ownerPrefix, ownerState } from './owner.js';
import { guarded, systemCode } from './storage-error.js';
import { type FoundFile, filesUnder, type Survey, type SurveyedRecord, surveyCache } from './survey.js';

export interface GarbageOptions {
  /** Nothing is removed. */
  readonly isDryRun: boolean;
  /** Only so much is removed that the cache is no larger; null: whatever is not needed. */
  readonly maxBytes: number | null;
  /** Only what was not used for so long; null: whatever is not needed. */
  readonly olderThanMs: number | null;
  /** So many last runs of each project are kept. */
  readonly keepRuns: number;
}

export interface Garbage {
  readonly records: number;
  readonly models: number;
  /** Checkpoints, files in quarantine, what killed processes left. */
  readonly others: number;
  readonly bytes: number;
  readonly keptRecords: number;
  readonly keptBytes: number;
}

/**
 * Removes what no lockfile, none of the last runs of any project and no run that goes on needs. A run that begins meanwhile
 * may find a result gone that it would have used, and computes it again; it never finds half of one: a record goes before
 * the models that it names.
 */
export async function collectGarbage(cacheDir: string, options: GarbageOptions): Promise<Garbage> {
  return guarded(cacheDir, async () => {
    const survey = await surveyCache(cacheDir);
    const needed = await neededKeys(cacheDir, options.keepRuns);
    const live = await oldestLive(cacheDir);
    const now = Date.now();
    // What a run that goes on has used is younger than its start, but for the lag of that note.
    const before = Math.min(live === null ? now : live - USE_LAG_MS, now - (options.olderThanMs ?? 0));
    const candidates = survey.records
      .filter(({ key, usedAt }) => !needed.keys.has(key) && usedAt < before)
      .sort((a, b) => a.usedAt - b.usedAt);
    const plan = choose(survey, candidates, options.maxBytes, Math.min(before, now - USE_LAG_MS));
    const others = await leftBehind(survey, { live, now, olderThanMs: options.olderThanMs });
    if (!options.isDryRun) {
      await mkdir(survey.layout.tmp, { recursive: true });
      for (const record of plan.records) await removeUnused(record, survey.layout.tmp);
      for (const blob of plan.blobs) await removeUnused(blob, survey.layout.tmp);
      for (const file of [...others, ...needed.forgotten.map(({ file }) => ({ path: file }))]) {
        await rm(file.path, { force: true });
      }
      await removeLeftovers(survey.layout.tmp);
    }
    return {
      records: plan.records.length,
      models: plan.blobs.length,
      others: others.length,
      bytes: sum([...plan.records, ...plan.blobs, ...others]),
      keptRecords: survey.records.length - plan.records.length,
      keptBytes: sum([...survey.records, ...survey.blobs.values()]) - sum([...plan.records, ...plan.blobs]),
    };
  });
}

/** Records, the longest unused first, and the blobs that none of the others name. */
function choose(survey: Survey, candidates: readonly SurveyedRecord[], maxBytes: number | null, orphansBefore: number) {
  const uses = new Map<string, number>();
  const named = (record: SurveyedRecord) => new Set((record.blobs ?? []).map(({ digest }) => digest));
  for (const record of survey.records) for (const each of named(record)) uses.set(each, (uses.get(each) ?? 0) + 1);
  // A blob without a record may belong to a result that is about to be stored.
  const blobs = [...survey.blobs.values()].filter(({ digest, usedAt }) => !uses.has(digest) && usedAt < orphansBefore);
  const records: SurveyedRecord[] = [];
  let size = sum([...survey.records, ...survey.blobs.values()]) - sum(blobs);
  for (const record of candidates) {
    if (maxBytes !== null && size <= maxBytes) break;
    records.push(record);
    size -= record.bytes;
    for (const digest of named(record)) {
      const left = uses.get(digest)! - 1;
      uses.set(digest, left);
      const blob = survey.blobs.get(digest);
      if (left > 0 || blob === undefined) continue;
      blobs.push(blob);
      size -= blob.bytes;
    }
  }
  return { records, blobs };
}

/** Checkpoints that nobody goes on from, what was found damaged, and locks of processes that are gone. */
async function leftBehind(
  { layout, records }: Survey,
  { live, now, olderThanMs }: { live: number | null; now: number; olderThanMs: number | null },
): Promise<FoundFile[]> {
  const stored = new Set(records.map(({ key }) => key));
  const isOver = ({ path, usedAt }: FoundFile) =>
    stored.has(path.split('/').at(-2)!) ? live === null : now - usedAt > Math.max(olderThanMs ?? 0, CHECKPOINT_MS);
  return [
    ...(await filesUnder(layout.checkpoints)).filter(isOver),
    ...(await filesUnder(layout.quarantine)),
    ...(await deadLocks(layout.locks)),
  ];
}

async function deadLocks(folder: string): Promise<FoundFile[]> {
  const dead: FoundFile[] = [];
  for (const file of await filesUnder(folder)) {
    const owner = await lockOwner(file.path).catch(() => '');
    if (ownerState(owner) === 'dead') dead.push(file);
  }
  return dead;
}

/** An interrupted training may be gone on with for a month. */
const CHECKPOINT_MS = 30 * 24 * 3_600_000;

/** Moves a file out of sight before it removes it, and gives it back if it was used meanwhile. */
async function removeUnused({ path, usedAt }: { path: string; usedAt: number }, tmp: string): Promise<void> {
  const aside = join(tmp, `${ownerPrefix()}-gc-${Math.random().toString(36).slice(2)}`);
  try {
    await rename(path, aside);
    const { mtimeMs } = await stat(aside);
    if (mtimeMs === usedAt) await rm(aside, { force: true });
    else await rename(aside, path);
  } catch (cause) {
    ignoreMissing(cause);
  }
}

function ignoreMissing(cause: unknown): void {
  if (systemCode(cause) !== 'ENOENT') throw cause;
}

function sum(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}
