import { isUserError, type Place, UserError } from '../core/errors.js';

/** What the file system refused, told as a UserError of class infrastructure; what carries no such code comes back unchanged. */
export function storageError(cause: unknown, path: string): unknown {
  // A toolbox may have said already that it could not write; what the file system is short of is worth more.
  const code = systemCode(isUserError(cause) && !cause.code.startsWith('STORAGE_') ? cause.cause : cause);
  if (code === undefined) return cause;
  const details = { cause, place: { kind: 'file', file: path } as Place, class: 'infrastructure' } as const;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new UserError(
        'STORAGE_FULL',
        `There is no room left to write ${path} (${code}).`,
        'Free some space, or put the cache elsewhere with --cache-dir. What was finished before is kept.',
        details,
      );
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new UserError(
        'STORAGE_DENIED',
        `${path} cannot be read or written (${code}).`,
        'Mend its permissions, or work in a folder that you may write; --cache-dir puts the cache elsewhere.',
        details,
      );
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
      return new UserError(
        'STORAGE_NOT_A_FOLDER',
        `A file is where a folder must be, or the other way round, on the way to ${path} (${code}).`,
        'Move it away, or name another folder; --cache-dir puts the cache elsewhere.',
        details,
      );
    default:
      return new UserError(
        'STORAGE_FAILED',
        `The system refused to read or write ${path} (${code}).`,
        'Check the disk, or choose another folder with --cache-dir.',
        details,
      );
  }
}

/** Runs a piece of file work and translates what the file system refuses. */
export async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw storageError(cause, path);
  }
}

/** Whether an error, or what caused it, is that a disk is full. */
export function isDiskFull(error: unknown): boolean {
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  return error instanceof Error && error.cause !== undefined && isDiskFull(error.cause);
}

/** The code of a failed system call ("ENOSPC"), or undefined. */
export function systemCode(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('syscall' in cause) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}
