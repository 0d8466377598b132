import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { CheckpointParts } from '../core/checkpoint.js';
import { memoryLimit } from '../core/memory-limit.js';
import { NOT_WAITING } from '../core/read-bounded.js';
import { entries, listOf, text, whole } from '../core/shape.js';
import { replace } from './durable.js';
import { guarded, systemCode } from './storage-error.js';

/*
 * A checkpoint is one file: its SHA-256 as 64 hexadecimal digits, a line of JSON with names and sizes of
 * the parts, then the parts. The digest is over everything behind it.
 */

/**
 * Writes the parts to a file that shall replace `path`. Copies no part; they may change once this returns.
 * @param temporary a path on the same file system that no other process uses
 * @returns waits until the disk has the new content and puts it in place. `path` has the old content or the new one whenever the process
 *   is killed. To be called once.
 */
export async function writeCheckpoint(
  path: string,
  temporary: string,
  parts: CheckpointParts,
): Promise<() => Promise<void>> {
  const index = [...parts].map(([name, { byteLength }]) => ({ name, bytes: byteLength }));
  const body = [Buffer.from(`${JSON.stringify(index)}\n`), ...parts.values()];
  const hash = createHash('sha256');
  for (const part of body) hash.update(part);
  const clean = () => rm(temporary, { force: true });
  const handle = await guarded(path, () => open(temporary, 'wx', 0o644));
  try {
    await guarded(path, async () => {
      for (const part of [Buffer.from(hash.digest('hex')), ...body]) await handle.writeFile(part);
    });
  } catch (error) {
    await handle.close();
    await clean();
    throw error;
  }
  return () =>
    guarded(path, async () => {
      try {
        await handle.sync().finally(() => handle.close());
        await replace(temporary, path);
      } finally {
        await clean();
      }
    });
}

/** The parts of a checkpoint file; null if there is no file, 'damaged' if its content is not what was written. */
export async function readCheckpoint(path: string): Promise<CheckpointParts | null | 'damaged'> {
  return guarded(path, async () => {
    let handle: FileHandle;
    try {
      handle = await open(path, constants.O_RDONLY | NOT_WAITING);
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') return null;
      throw cause;
    }
    try {
      return (await readParts(handle)) ?? 'damaged';
    } finally {
      await handle.close();
    }
  });
}

async function readParts(handle: FileHandle): Promise<CheckpointParts | null> {
  const info = await handle.stat();
  const { size } = info;
  // What a training has held, it can hold again.
  if (!info.isFile() || size > memoryLimit()) return null;
  const head = (await readAt(handle, 0, Math.min(size, INDEX_BYTES_MAX + DIGEST_BYTES))) ?? new Uint8Array(0);
  const end = head.indexOf(LINE_END, DIGEST_BYTES) + 1;
  const index = indexOf(head.subarray(DIGEST_BYTES, end));
  if (index === null || size !== index.reduce((sum, { bytes }) => sum + bytes, end)) return null;
  const hash = createHash('sha256').update(head.subarray(DIGEST_BYTES, end));
  const parts = new Map<string, Uint8Array>();
  let at = end;
  for (const { name, bytes } of index) {
    const part = await readAt(handle, at, bytes);
    if (part === null) return null;
    hash.update(part);
    parts.set(name, part);
    at += bytes;
  }
  return hash.digest('hex') === Buffer.from(head.subarray(0, DIGEST_BYTES)).toString('latin1') ? parts : null;
}

const LINE_END = 10;
const DIGEST_BYTES = 64;
const INDEX_BYTES_MAX = 1 << 20;

interface PartEntry {
  readonly name: string;
  readonly bytes: number;
}

/** The index, or null for bytes that are none: they are not yet known to be what was written. */
function indexOf(line: Uint8Array): readonly PartEntry[] | null {
  try {
    const index: unknown = JSON.parse(Buffer.from(line).toString('utf8'));
    return isIndex(index) ? (index as PartEntry[]) : null;
  } catch {
    return null;
  }
}

const isIndex = listOf(entries({ name: text(), bytes: whole }));

/** So many bytes in a buffer of their own; null if the file ends before. */
async function readAt(handle: FileHandle, start: number, length: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const wanted = Math.min(length - done, READ_BYTES);
    const { bytesRead } = await handle.read(bytes, done, wanted, start + done);
    if (bytesRead === 0) return null;
    done += bytesRead;
  }
  return bytes;
}

/** Node refuses 2 GiB and more at once. */
const READ_BYTES = 1 << 30;
