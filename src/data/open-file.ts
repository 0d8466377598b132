import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../core/errors.js';

/** Debian packages that put data sets where recipes look for them. */
const PACKAGES: readonly (readonly [folder: string, name: string])[] = [
  ['/usr/share/datasets/fashion-mnist/', 'dataset-fashion-mnist'],
];

/** The file, open for reading. Throws DATA_FILE_MISSING, or DATA_FILE_UNREADABLE for a folder or a file without permission. */
export async function openFile(path: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (cause) {
    throw fileError(path, cause);
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new UserError('DATA_FILE_UNREADABLE', `${path} is a folder, not a file.`, 'Name the file in it.');
}

/** The UserError for a path that cannot be opened. */
export function fileError(path: string, cause: unknown): UserError {
  const reason = (cause as NodeJS.ErrnoException).code;
  if (reason === 'ENOENT' || reason === 'ENOTDIR') {
    const owner = PACKAGES.find(([folder]) => path.startsWith(folder));
    const fix =
      owner === undefined
        ? 'Check the path: relative ones start at the folder of the recipe.'
        : `Install it with: apt install ${owner[1]}`;
    return new UserError('DATA_FILE_MISSING', `${path} does not exist.`, fix, { cause });
  }
  return new UserError('DATA_FILE_UNREADABLE', `${path} cannot be read (${reason ?? String(cause)}).`, '', { cause });
}
