import { UserError } from '../core/errors.js';
import { memoryLimit } from '../core/memory-limit.js';

/**
 * Zeroed memory for what a file announces. Throws DATA_TOO_LARGE where the machine or the language has not that much:
 * a small file that is packed well would otherwise take all memory before anything notices.
 */
export function allocateBytes(bytes: number, source: string): Uint8Array {
  requireMemory(bytes, source);
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new UserError(
      'DATA_TOO_LARGE',
      `${source} needs ${gibibytes(bytes)} of memory, more than can be had at once.`,
      'Use fewer or smaller samples.',
      { cause },
    );
  }
}

/** Throws DATA_TOO_LARGE where this process may not have so many bytes. */
export function requireMemory(bytes: number, source: string): void {
  const limit = memoryLimit();
  if (bytes > limit) {
    throw new UserError(
      'DATA_TOO_LARGE',
      `${source} needs ${gibibytes(bytes)} of memory; ${gibibytes(limit)} are what this process may have.`,
      'Use fewer or smaller samples, or files that can stay on the disk (option storage).',
    );
  }
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
