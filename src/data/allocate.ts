import { UserError } from '../core/errors.js';

/** Zeroed memory for what a file announces. Throws DATA_TOO_LARGE where the machine or the language has not that much. */
export function allocateBytes(bytes: number, source: string): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new UserError(
      'DATA_TOO_LARGE',
      `${source} needs ${(bytes / 2 ** 30).toFixed(1)} GiB of memory, more than can be had at once.`,
      'Use fewer or smaller samples.',
      { cause },
    );
  }
}
