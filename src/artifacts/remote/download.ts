import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { networkError } from './network-error.js';
import { RemoteError } from './remote-cache.js';

/**
 * Writes a blob into a new file. Not a byte more than expected is written, and if this returns, the file has the digest.
 * Throws a RemoteError where the remote sends something else, what `signal` was aborted with, and what `fs` throws.
 */
export async function download(
  blob: Readable,
  expected: { readonly digest: string; readonly bytes: number },
  path: string,
  signal: AbortSignal,
): Promise<void> {
  await pipeline(checked(blob, expected, signal), createWriteStream(path, { flags: 'wx', highWaterMark: 1 << 20 }));
}

async function* checked(
  blob: Readable,
  { digest, bytes }: { readonly digest: string; readonly bytes: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let received = 0;
  for await (const chunk of arriving(blob, signal)) {
    received += chunk.length;
    if (received > bytes) throw new RemoteError(`sent more than the ${bytes} bytes of a model`);
    hash.update(chunk);
    yield chunk;
  }
  if (received < bytes) throw new RemoteError(`sent ${received} of the ${bytes} bytes of a model`);
  if (hash.digest('hex') !== digest) throw new RemoteError('sent other bytes than those of the model');
}

/** The chunks of a blob; tells what the connection reports from what the disk does. */
async function* arriving(blob: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* blob as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw signal.aborted ? signal.reason : networkError(cause);
  }
}
