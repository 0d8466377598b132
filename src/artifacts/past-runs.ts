import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { readBounded } from '../core/read-bounded.js';
import { isRunRecord, type RunRecord } from './run-record.js';
import { storageError, systemCode } from './storage-error.js';

/** A run that began; its record is null until it has ended, and if it was killed. */
export interface PastRun {
  readonly id: string;
  readonly folder: string;
  readonly record: RunRecord | null;
}

/** Runs of a folder, the latest first. @param limit reads no more records than that */
export async function pastRuns(runsDir: string, limit = Number.POSITIVE_INFINITY): Promise<PastRun[]> {
  const ids = (await runIds(runsDir)).slice(0, limit);
  const runs: PastRun[] = [];
  for (const id of ids) runs.push({ id, folder: join(runsDir, id), record: await readRunRecord(join(runsDir, id)) });
  // Ids tell the second; of two runs within one, the records tell which began first.
  const began = (run: PastRun) => run.id.slice(0, SECOND_LENGTH) + (run.record?.startedAt ?? '');
  return runs.sort((a, b) => (began(a) < began(b) ? 1 : -1));
}

const SECOND_LENGTH = 'yyyymmdd-hhmmss'.length;

/**
 * The finished run that a person means: an id, the beginning of one, `last`, or `last~2` for the one two before the last.
 * Throws RUN_REFERENCE if there is none, or several begin so.
 */
export async function findRun(runsDir: string, reference: string): Promise<RunRecord> {
  const back = /^last(?:~(\d+))?$/.exec(reference);
  if (back !== null) {
    const finished = (await pastRuns(runsDir)).flatMap(({ record }) => record ?? []);
    const found = finished[Number(back[1] ?? 0)];
    if (found !== undefined) return found;
    throw missingRun(finished.length, runsDir, reference);
  }
  const ids = await runIds(runsDir);
  const matches = ids.filter((id) => id.startsWith(reference));
  const id = matches.find((each) => each === reference) ?? matches[0];
  if (id === undefined) {
    const match = nearest(reference, ids);
    const fix = match === undefined ? '`lathe history` lists the runs.' : `Did you mean "${match}"?`;
    throw referenceError(`There is no run "${reference}" in ${runsDir}.`, fix);
  }
  if (id !== reference && matches.length > 1) {
    throw referenceError(
      `Several runs begin with "${reference}": ${matches.slice(0, 4).join(', ')}.`,
      'Give more of the id.',
    );
  }
  const record = await readRunRecord(join(runsDir, id));
  if (record === null)
    throw referenceError(`The run ${id} has not ended, or was killed: it has no record that can be read.`, '');
  return record;
}

function missingRun(finished: number, runsDir: string, reference: string): UserError {
  if (finished === 0) {
    const fix = 'Run a recipe here first, or call this in the folder where you ran it.';
    return referenceError(`There is no finished run in ${runsDir}.`, fix);
  }
  const count = finished === 1 ? 'is one finished run' : `are ${finished} finished runs`;
  const fix = '`lathe history` lists the runs.';
  return referenceError(`There ${count} in ${runsDir}, and "${reference}" would be one before.`, fix);
}

function referenceError(problem: string, fix: string): UserError {
  return new UserError('RUN_REFERENCE', problem, fix, { class: 'usage' });
}

async function runIds(runsDir: string): Promise<string[]> {
  try {
    const names = await readdir(runsDir);
    return names
      .filter((name) => /^\d{8}-\d{6}-/.test(name))
      .sort()
      .reverse();
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return [];
    throw storageError(cause, runsDir);
  }
}

async function readRunRecord(folder: string): Promise<RunRecord | null> {
  const path = join(folder, 'run.json');
  let text: string;
  try {
    text = (await readBounded(path, RECORD_BYTES_MAX)) ?? '';
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw storageError(cause, path);
  }
  try {
    const record: unknown = JSON.parse(text);
    return isRunRecord(record) ? (record as RunRecord) : null;
  } catch {
    return null; // not written by us, or damaged: as good as none
  }
}

/** Ten thousand cells with their training curves take less. */
const RECORD_BYTES_MAX = 256 << 20;
