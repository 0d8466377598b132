import { UserError } from '../core/errors.js';
import { ByteReader } from './byte-reader.js';

/** A table that is packed better than that is not one of measurements: a small file of nothing but short rows fills all memory. */
const MAX_PACKING_RATIO = 100;
/** What may come out of any packed table. */
const MAX_UNPACKED_BYTES = 16 << 20;

/**
 * Unpacks a gzipped table once to see how large it is, which takes a small part of the time that its rows take. Returns at once for
 * one that is not packed. Throws DATA_TOO_LARGE for one that unpacks to far more than it holds, and what ByteReader throws.
 */
export async function checkUnpackedSize(path: string, signal: AbortSignal): Promise<void> {
  const reader = await ByteReader.open(path, signal);
  try {
    if (!reader.isPacked) return;
    const mostBytes = Math.max(MAX_UNPACKED_BYTES, MAX_PACKING_RATIO * reader.storedBytes);
    let bytes = 0;
    for await (const chunk of reader.remaining()) {
      bytes += chunk.length;
      if (bytes > mostBytes) {
        throw new UserError(
          'DATA_TOO_LARGE',
          `${path} has ${reader.storedBytes} bytes and unpacks to more than ${mostBytes}.`,
          'If it is what you want to read, unpack it with gunzip: a table that is not packed may be of any size.',
        );
      }
    }
  } finally {
    await reader.close();
  }
}
