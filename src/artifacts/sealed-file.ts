import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../core/hash.js';
import { readBounded } from '../core/read-bounded.js';
import { makeFolder, writeDurably } from './durable.js';
import { ownerPrefix } from './owner.js';
import { systemCode } from './storage-error.js';

/** The JSON of a file that `writeSealed` wrote; undefined if it is not there or a single byte of it is not as it was written. Its form is unchecked. */
export async function readSealed(path: string): Promise<unknown> {
  let text: string;
  try {
    text = (await readBounded(path, SEALED_BYTES_MAX)) ?? '';
  } catch (cause) {
    if (systemCode(cause) === undefined) throw cause;
    return undefined;
  }
  const end = text.indexOf('\n');
  const body = text.slice(end + 1, -1);
  if (sha256(body) !== text.slice(0, end)) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** What is kept in such files has a limit of its own, far below. */
const SEALED_BYTES_MAX = 256 << 20;

/**
 * Writes JSON with its digest, in place of what was there before.
 * @param tmp a folder on the same file system; made if need be
 * @returns false where nothing can be written
 */
export async function writeSealed(path: string, value: unknown, tmp: string): Promise<boolean> {
  const body = JSON.stringify(value);
  const temporary = join(tmp, `${ownerPrefix()}-${randomBytes(6).toString('hex')}`);
  try {
    await makeFolder(tmp);
    try {
      await writeDurably(temporary, `${sha256(body)}\n${body}\n`);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
    return true;
  } catch (cause) {
    if (systemCode(cause) === undefined) throw cause;
    return false;
  }
}
