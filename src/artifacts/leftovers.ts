import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ownerState } from './owner.js';

/** Removes what killed processes left in a folder whose entries tell their owners; of other machines, only what is older than a week. */
export async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const state = ownerState(name);
    if (state === 'dead' || (state === 'elsewhere' && (await isOld(path)))) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

async function isOld(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs > WEEK_MS;
}

const WEEK_MS = 7 * 24 * 3600 * 1000;
