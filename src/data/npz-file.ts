import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../core/errors.js';
import { nearest } from '../core/nearest.js';
import { shownList } from '../core/shown-name.js';
import { beginning } from './looks-like.js';
import { type NpyArray, readNpy } from './npy-file.js';
import { openFile } from './open-file.js';
import { openZipMember, readZipDirectory, type ZipMember } from './zip-file.js';

/**
 * The named arrays of a .npz archive; others in it are not unpacked.
 * Throws DATA_MAGIC, DATA_CORRUPT, DATA_TYPE, DATA_ARRAY_MISSING and what readNpy throws.
 */
export async function readNpz(
  path: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, NpyArray>> {
  const members = await readDirectory(path);
  const arrays = new Map<string, NpyArray>();
  for (const name of new Set(names)) {
    const member = find(path, name, members);
    const reader = await openZipMember(path, { member, name: `${path}:${name}` }, signal);
    try {
      arrays.set(name, await readNpy(reader));
    } finally {
      await reader.close();
    }
  }
  return arrays;
}

async function readDirectory(path: string): Promise<ZipMember[]> {
  const file = await openFile(path);
  try {
    await checkMagic(path, file);
    return await readZipDirectory(path, file);
  } finally {
    await file.close();
  }
}

async function checkMagic(path: string, file: FileHandle): Promise<void> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
  const head = buffer.subarray(0, bytesRead);
  if (head.toString('latin1').startsWith('PK\x03\x04')) return;
  throw new UserError(
    'DATA_MAGIC',
    `${path} is not a NumPy archive: ${beginning(head, 4)}.`,
    'A .npz file begins with 0x504b0304; write one with numpy.savez. For .npy files use the reader npy.',
  );
}

function find(path: string, name: string, members: readonly ZipMember[]): ZipMember {
  const found = members.filter((member) => arrayName(member) === name);
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    throw new UserError(
      'DATA_CORRUPT',
      `${path} has ${found.length} arrays called "${name}".`,
      'Write it again with numpy.savez.',
    );
  }
  const present = members.map(arrayName).sort();
  const match = nearest(name, present);
  throw new UserError(
    'DATA_ARRAY_MISSING',
    `${path} has no array "${name}".`,
    match === undefined ? `It has: ${shownList(present) || 'none'}.` : `Did you mean "${match}"?`,
  );
}

function arrayName({ name }: ZipMember): string {
  return name.replace(/\.npy$/, '');
}
