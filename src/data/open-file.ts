import { type FileHandle, open, stat } from 'node:fs/promises';
import { isUserError, UserError } from '../core/errors.js';

/** Debian packages that put data sets where recipes look for them. */
const PACKAGES: readonly (readonly [folder: string, name: string])[] = [
  ['/usr/share/datasets/fashion-mnist/', 'dataset-fashion-mnist'],
];

/** The file, open for reading. Throws DATA_FILE_MISSING, or DATA_FILE_UNREADABLE for a folder or a file without permission. */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    // Opening a pipe would wait for somebody to write into it.
    const found = await stat(path);
    if (found.isFile()) return await open(path, 'r');
    if (found.isDirectory()) {
      throw new UserError('DATA_FILE_UNREADABLE', `${path} is a folder, not a file.`, 'Name the file in it.');
    }
  } catch (cause) {
    throw isUserError(cause) ? cause : fileError(path, cause);
  }
  throw new UserError('DATA_FILE_UNREADABLE', `${path} is a pipe or a device, not a file.`, 'Copy it to a file.');
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
