import type { UnzipFileInfo } from 'fflate';
import { UserError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { allocateBytes } from './allocate.js';
import { ByteReader } from './byte-reader.js';
import { beginning } from './looks-like.js';
import { type NpyArray, readNpy } from './npy-file.js';
import { openFile } from './open-file.js';

/** Deflate cannot compress better than this: an archive that announces more is not honest. */
const MAX_DEFLATE_RATIO = 1032;

/**
 * The named arrays of a .npz archive; others in it are not unpacked.
 * Throws DATA_MAGIC, DATA_CORRUPT, DATA_ARRAY_MISSING and what readNpy throws.
 */
export async function readNpz(
  path: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, NpyArray>> {
  const archive = await readArchive(path);
  const members = await unpack(path, archive, names);
  const arrays = new Map<string, NpyArray>();
  for (const name of names) {
    const member = members.get(name);
    if (member === undefined) throw new Error(`internal: ${name} was not unpacked`);
    arrays.set(name, await readNpy(ByteReader.over(member, `${path}:${name}`, signal)));
  }
  return arrays;
}

async function readArchive(path: string): Promise<Uint8Array> {
  const handle = await openFile(path);
  try {
    const bytes = allocateBytes((await handle.stat()).size, path);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, at, Math.min(bytes.length - at, 1 << 30), at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    if (Buffer.from(bytes.subarray(0, 4)).toString('latin1') === 'PK\x03\x04') return bytes;
    throw new UserError(
      'DATA_MAGIC',
      `${path} is not a NumPy archive: ${beginning(bytes.subarray(0, 64), 4)}.`,
      'A .npz file begins with 0x504b0304; write one with numpy.savez. For .npy files use the reader npy.',
    );
  } finally {
    await handle.close();
  }
}

async function unpack(path: string, archive: Uint8Array, names: readonly string[]): Promise<Map<string, Uint8Array>> {
  const { unzipSync } = await import('fflate');
  const present: string[] = [];
  const filter = (file: UnzipFileInfo): boolean => {
    const name = file.name.replace(/\.npy$/, '');
    present.push(name);
    if (!names.includes(name)) return false;
    if (file.originalSize > file.size * MAX_DEFLATE_RATIO + MAX_DEFLATE_RATIO) throw damaged(path, 'impossible sizes');
    return true;
  };
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(archive, { filter });
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw damaged(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
  const missing = names.find((name) => !present.includes(name));
  if (missing !== undefined) {
    const match = nearest(missing, present);
    throw new UserError(
      'DATA_ARRAY_MISSING',
      `${path} has no array "${missing}".`,
      match === undefined ? `It has: ${present.sort().join(', ')}.` : `Did you mean "${match}"?`,
    );
  }
  return new Map(Object.entries(files).map(([name, bytes]) => [name.replace(/\.npy$/, ''), bytes]));
}

function damaged(path: string, reason: string, cause?: unknown): UserError {
  return new UserError('DATA_CORRUPT', `${path} is a damaged archive: ${reason}.`, 'Fetch it again.', { cause });
}
