import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * The text of a file that somebody else may have put there; null if it is longer than expected, or no file at all. A pipe is
 * not waited for. Throws what `fs` throws where it cannot be opened or read.
 */
export async function readBounded(path: string, bytesMax: number): Promise<string | null> {
  const handle = await open(path, constants.O_RDONLY | NOT_WAITING);
  try {
    const info = await handle.stat();
    if (!info.isFile() || info.size > bytesMax) return null;
    return (await readUpTo(handle, bytesMax))?.toString('utf8') ?? null;
  } finally {
    await handle.close();
  }
}

/** The bytes of a file, pipe or device from where it is; null if there are more than expected. */
export async function readUpTo(handle: FileHandle, bytesMax: number): Promise<Buffer | null> {
  const { size } = await handle.stat();
  let buffer = Buffer.allocUnsafe(Math.min(size, bytesMax) + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
    if (length > bytesMax) return null;
    // It may have grown meanwhile.
    if (length === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(length + GROWTH_BYTES)]);
  }
}

const GROWTH_BYTES = 1 << 16;

/** Flag for opening what may be a pipe; Windows has neither the flag nor such pipes. */
export const NOT_WAITING = constants.O_NONBLOCK ?? 0;
