import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { storageError, systemCode } from './storage-error.js';

/** SHA-256 of a file that is about to be published; its content is on the disk when this returns. */
export async function hashOfStagedFile(path: string): Promise<{ digest: string; bytes: number }> {
  const handle = await open(path, 'r');
  try {
    const result = await hashOf(handle);
    await handle.sync();
    return result;
  } finally {
    await handle.close();
  }
}

/** The bytes of a file in the cache; undefined if it is missing. */
export function sizeOf(path: string): Promise<number | undefined> {
  return unlessMissing(path, async () => (await stat(path)).size);
}

/** SHA-256 of a file in the cache; undefined if it is missing. */
export function hashOfFile(path: string): Promise<string | undefined> {
  return unlessMissing(path, async () => {
    const handle = await open(path, 'r');
    try {
      return (await hashOf(handle)).digest;
    } finally {
      await handle.close();
    }
  });
}

async function unlessMissing<T>(path: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined;
    throw storageError(cause, path);
  }
}

async function hashOf(handle: FileHandle): Promise<{ digest: string; bytes: number }> {
  const hash = createHash('sha256');
  const { size } = await handle.stat();
  const buffer = Buffer.allocUnsafe(Math.min(Math.max(size, 1), CHUNK_BYTES));
  let bytes = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
    if (bytesRead === 0) return { digest: hash.digest('hex'), bytes };
    hash.update(buffer.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}

const CHUNK_BYTES = 1 << 20;
