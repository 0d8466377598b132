import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readBounded } from '../core/read-bounded.js';
import { decodeRecord, RECORD_FILE_BYTES_MAX } from './action-record.js';
import { type Layout, layoutOf } from './layout.js';
import { systemCode } from './storage-error.js';

export interface SurveyedRecord {
  readonly key: string;
  readonly path: string;
  readonly bytes: number;
  /** In ms since 1970; may lag behind by USE_LAG_MS. */
  readonly usedAt: number;
  /** Digests of the files of its models; null if the record is damaged. */
  readonly blobs: readonly { readonly digest: string; readonly bytes: number }[] | null;
}

export interface SurveyedBlob {
  readonly digest: string;
  readonly path: string;
  readonly bytes: number;
  readonly usedAt: number;
}

/** Everything that a cache holds. */
export interface Survey {
  readonly layout: Layout;
  readonly records: readonly SurveyedRecord[];
  readonly blobs: ReadonlyMap<string, SurveyedBlob>;
}

/** Reads all records of a cache, and looks at all blobs. */
export async function surveyCache(cacheDir: string): Promise<Survey> {
  const layout = layoutOf(cacheDir);
  const records: SurveyedRecord[] = [];
  for (const { name, path, bytes, usedAt } of await filesUnder(layout.ac)) {
    const key = /^([0-9a-f]{64})\.json$/.exec(name)?.[1];
    if (key === undefined) continue;
    const record = decodeRecord((await readBounded(path, RECORD_FILE_BYTES_MAX).catch(() => '')) ?? '', key);
    const blobs = record && Object.values(record.outputs).flatMap(({ files }) => files);
    records.push({ key, path, bytes, usedAt, blobs: blobs?.map(({ digest, bytes }) => ({ digest, bytes })) ?? null });
  }
  const blobs = new Map<string, SurveyedBlob>();
  for (const { name, path, bytes, usedAt } of await filesUnder(layout.cas)) {
    if (/^[0-9a-f]{64}$/.test(name)) blobs.set(name, { digest: name, path, bytes, usedAt });
  }
  return { layout, records, blobs };
}

export interface FoundFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly usedAt: number;
}

/** The files of a folder and of its subfolders; what vanishes meanwhile is left out. */
export async function filesUnder(folder: string): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  for (const entry of await entriesOf(folder)) {
    const path = join(entry.parentPath, entry.name);
    const info = entry.isFile() ? await stat(path).catch(() => null) : null;
    if (info !== null) found.push({ name: entry.name, path, bytes: info.size, usedAt: info.mtimeMs });
  }
  return found;
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return [];
    throw cause;
  }
}
