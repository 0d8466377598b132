import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readBounded } from '../core/read-bounded.js';
import type { ActionRecord } from './action-record.js';
import { decodeRecord, RECORD_FILE_BYTES_MAX } from './action-record.js';
import { layoutOf } from './layout.js';

/** Results in a cache, the newest first, for looking only: nothing is verified but the records themselves. */
export async function recentRecords(cacheDir: string, limit: number): Promise<ActionRecord[]> {
  const folder = join(layoutOf(cacheDir).root, 'ac');
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => {
        const path = join(folder, name);
        // It may be collected as garbage meanwhile.
        const info = await stat(path).catch(() => undefined);
        return { path, at: info?.mtimeMs ?? 0 };
      }),
  );
  const newest = files.sort((a, b) => b.at - a.at).slice(0, limit);
  const records: ActionRecord[] = [];
  for (const { path } of newest) {
    const text = (await readBounded(path, RECORD_FILE_BYTES_MAX).catch(() => '')) ?? '';
    const record = decodeRecord(text, path.slice(-'.json'.length - KEY_LENGTH, -'.json'.length));
    if (record !== undefined) records.push(record);
  }
  return records;
}

const KEY_LENGTH = 64;
