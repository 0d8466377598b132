import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from './durable.js';
import type { RunRecord } from './run-record.js';
import { guarded } from './storage-error.js';

/** A name for a run that sorts by time and that two runs never share. */
export function newRunId(now: Date): string {
  const [date, time] = now.toISOString().split('T');
  return `${date!.replaceAll('-', '')}-${time!.slice(0, 8).replaceAll(':', '')}-${randomBytes(2).toString('hex')}`;
}

/** Makes the folder of a run and returns its path. @param runsDir for instance `.lathe/runs` */
export async function makeRunFolder(runsDir: string, id: string): Promise<string> {
  const folder = join(runsDir, id);
  await guarded(folder, () => mkdir(folder, { recursive: true }));
  return folder;
}

/** Writes run.json: a reader finds the whole record or none. */
export async function writeRunRecord(folder: string, record: RunRecord): Promise<void> {
  const path = join(folder, 'run.json');
  const temporary = join(folder, `.run.json.${process.pid}`);
  await guarded(path, async () => {
    try {
      await rm(temporary, { force: true });
      await writeDurably(temporary, `${JSON.stringify(record, null, 2)}\n`);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  });
}
