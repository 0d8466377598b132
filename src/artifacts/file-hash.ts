import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { NOT_WAITING } from '../core/read-bounded.js';
import { storageError, systemCode } from './storage-error.js';

/**
 * SHA-256 of a file that is about to be published; its content is on the disk when this returns.
 * @param known the digest, if it was taken while the file was written
 */
export async function finishStagedFile(path: string, known: string | null): Promise<{ digest: string; bytes: number }> {
  const handle = await open(path, 'r');
  try {
    const result = known === null ? await hashOf(handle) : { digest: known, bytes: (await handle.stat()).size };
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

/** SHA-256 of a file in the cache; undefined if it is missing, or something else than a file: a pipe has no end. */
export function hashOfFile(path: string): Promise<string | undefined> {
  return unlessMissing(path, async () => {
    const handle = await open(path, constants.O_RDONLY | NOT_WAITING);
    try {
      return (await handle.stat()).isFile() ? (await hashOf(handle)).digest : undefined;
    } finally {
      await handle.close();
    }
  });
}

async function unlessMissing<T>(path: string, read: () => Promise<T | undefined>): Promise<T | undefined> {
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
  const buffers = [newBuffer(size), newBuffer(size)] as const;
  let bytes = 0;
  // While one piece is hashed, the next one is read.
  let reading = read(handle, buffers[0]);
  for (let turn = 1; ; turn = 1 - turn) {
    const piece = await reading;
    if (piece.length === 0) return { digest: hash.digest('hex'), bytes };
    reading = read(handle, buffers[turn as 0 | 1]);
    hash.update(piece);
    bytes += piece.length;
  }
}

async function read(handle: FileHandle, buffer: Buffer): Promise<Buffer> {
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
  return buffer.subarray(0, bytesRead);
}

function newBuffer(size: number): Buffer {
  return Buffer.allocUnsafe(Math.min(Math.max(size, 1), CHUNK_BYTES));
}

const CHUNK_BYTES = 1 << 20;
