import { stat, utimes } from 'node:fs/promises';
import { systemCode } from './storage-error.js';

/** How far the time of the last use may lag: so a file that is used often is rarely touched. */
export const USE_LAG_MS = 3_600_000;

/** Notes that a file of the cache is used now, as its modification time: the garbage collection spares what is. */
export async function noteUse(path: string): Promise<void> {
  try {
    const now = new Date();
    const { mtimeMs } = await stat(path);
    if (now.getTime() - mtimeMs > USE_LAG_MS) await utimes(path, now, now);
  } catch (cause) {
    // A cache that cannot be written is not collected by us; a file that is gone meanwhile is found missing by its user.
    if (systemCode(cause) === undefined) throw cause;
  }
}
