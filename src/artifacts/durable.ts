import { link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from './storage-error.js';

/** Writes a new file and returns once its content is on the disk. */
export async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(path, 'wx', 0o644);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Gives a finished file its final name, if that is still free, and returns once the name is on the disk.
 * @returns false if another file has the name already; `from` is left in place then
 */
export async function publish(from: string, to: string): Promise<boolean> {
  await makeFolder(dirname(to));
  try {
    await link(from, to);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'EEXIST') return false;
    // Some file systems have no hard links. A rename is atomic as well, only the first writer does not win there.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS' && code !== 'EMLINK') {
      throw cause;
    }
    await rename(from, to);
    await syncFolder(dirname(to));
    return true;
  }
  await unlink(from);
  await syncFolder(dirname(to));
  return true;
}

/** Gives a finished file its final name, replacing what has it, and returns once the name is on the disk. */
export async function replace(from: string, to: string): Promise<void> {
  await makeFolder(dirname(to));
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Makes a folder and its parents; new names are on the disk when it returns. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let folder = dirname(path); folder.length >= dirname(first).length; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === dirname(folder)) return;
  }
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (cause) {
    // Windows and some network file systems cannot sync a folder; they order metadata themselves.
    const code = systemCode(cause);
    if (code !== 'EINVAL' && code !== 'EPERM' && code !== 'ENOTSUP') throw cause;
  } finally {
    await handle.close();
  }
}
