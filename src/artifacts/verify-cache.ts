import { lstat, mkdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hashOfFile } from './file-hash.js';
import { removeLeftovers } from './leftovers.js';
import { guarded, systemCode } from './storage-error.js';
import { surveyCache } from './survey.js';

export interface CacheHealth {
  readonly records: number;
  readonly models: number;
  readonly bytes: number;
  /** Files that were not as they were stored, and are in quarantine now. */
  readonly damaged: readonly string[];
  /** Results that were taken out since a model of theirs is damaged or missing. */
  readonly incomplete: readonly string[];
}

/**
 * Reads every byte of a cache. What differs from what was stored goes to quarantine, with the results that need it, so that
 * the next run computes them again.
 */
export async function verifyCache(
  cacheDir: string,
  onProgress: (fraction: number) => void = () => {},
): Promise<CacheHealth> {
  return guarded(cacheDir, async () => {
    const { layout, records, blobs } = await surveyCache(cacheDir);
    const total = [...blobs.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    const intact = new Set<string>();
    const damaged: string[] = [];
    let seen = 0;
    for (const { digest, path, bytes } of blobs.values()) {
      const found = await hashOfFile(path);
      if (found === digest) intact.add(digest);
      else if (found !== undefined) damaged.push(path);
      seen += bytes;
      onProgress(total === 0 ? 1 : seen / total);
    }
    const incomplete: string[] = [];
    for (const { path, blobs: named } of records) {
      // A record that is gone meanwhile is nobody's damage.
      if (named === null && (await isThere(path))) damaged.push(path);
      if (named?.some(({ digest }) => !intact.has(digest)) === true) incomplete.push(path);
    }
    for (const path of [...incomplete, ...damaged]) await quarantine(path, layout.quarantine);
    if (records.length > 0) await removeLeftovers(layout.tmp);
    return { records: records.length, models: blobs.size, bytes: total, damaged, incomplete };
  });
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null;
}

async function quarantine(path: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  try {
    await rename(path, join(folder, `${basename(path)}-${Date.now()}-${Math.random().toString(36).slice(2, 8)}`));
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw cause;
  }
}
