import type { Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { isUserError, UserError } from '../core/errors.js';
import { openFile } from './open-file.js';

/** Deflate cannot compress better than this, so what is packed bounds what can come out of it. */
const MAX_DEFLATE_RATIO = 1032;
export const CHUNK_BYTES = 1 << 18;

/** The most bytes that can come out of so many packed ones. */
export function unpackedAtMost(packedBytes: number): number {
  return packedBytes * MAX_DEFLATE_RATIO;
}

/** What comes out of a decompressor that a stream of bytes goes through. */
export function unpacked(packed: Readable, decompressor: Transform): Transform {
  packed.on('error', (error) => decompressor.destroy(error));
  return packed.pipe(decompressor);
}

/** Bytes that can be read forward. */
export interface ByteSource {
  /** The file, or how messages call what is read. */
  readonly path: string;
  /** Whether they are unpacked while they are read: then `maxBytes` may be more than there are. */
  readonly isPacked: boolean;
  /** Bytes that it takes as it is, packed or not. */
  readonly storedBytes: number;
  /** No more bytes than this can come. */
  readonly maxBytes: number;
  readonly chunks: AsyncIterable<Uint8Array>;
  close(): void;
}

/**
 * A file read forward, unpacked if its content (not its name) is gzip. Reads are bounded by what the caller asks for,
 * so that a small file cannot unpack into all of memory.
 * Its methods throw DATA_TRUNCATED and DATA_CORRUPT, and the signal's reason after an abort.
 */
export class ByteReader {
  private rest: Uint8Array = new Uint8Array(0);
  private consumed = 0;
  private readonly chunks: AsyncIterator<Uint8Array>;
  readonly path: string;
  readonly isPacked: boolean;
  readonly storedBytes: number;
  private readonly maxBytes: number;

  constructor(
    private readonly source: ByteSource,
    private readonly signal: AbortSignal,
  ) {
    this.path = source.path;
    this.isPacked = source.isPacked;
    this.storedBytes = source.storedBytes;
    this.maxBytes = source.maxBytes;
    this.chunks = source.chunks[Symbol.asyncIterator]();
  }

  /** Throws DATA_FILE_MISSING or DATA_FILE_UNREADABLE. Call `close` when done. */
  static async open(path: string, signal: AbortSignal): Promise<ByteReader> {
    const handle = await openFile(path);
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    const isGzip = bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    const file = handle.createReadStream({ start: 0, highWaterMark: CHUNK_BYTES });
    const chunks = isGzip ? unpacked(file, createGunzip({ chunkSize: CHUNK_BYTES })) : file;
    const maxBytes = isGzip ? unpackedAtMost(size) : size;
    const close = () => void file.destroy();
    return new ByteReader({ path, isPacked: isGzip, storedBytes: size, maxBytes, chunks, close }, signal);
  }

  /** Bytes taken so far. */
  get position(): number {
    return this.consumed;
  }

  /** Up to n bytes without moving on; fewer only at the end of the file. */
  async peek(n: number): Promise<Uint8Array> {
    while (this.rest.length < n) {
      const chunk = await this.next();
      if (chunk === null) break;
      this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    }
    return this.rest.subarray(0, n);
  }

  /** Exactly n bytes: a small header. */
  async take(n: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(n);
    await this.fill(bytes);
    return bytes;
  }

  /** Fills the whole target. */
  async fill(target: Uint8Array): Promise<void> {
    let filled = 0;
    while (filled < target.length) {
      if (this.rest.length === 0) {
        const chunk = await this.next();
        if (chunk === null) {
          throw this.truncated(this.consumed + target.length - filled, `only ${this.consumed}`);
        }
        this.rest = chunk;
      }
      const part = this.rest.subarray(0, target.length - filled);
      target.set(part, filled);
      filled += part.length;
      this.consumed += part.length;
      this.rest = this.rest.subarray(part.length);
    }
  }

  /** Checks that the file ends here. Throws DATA_TOO_LONG. */
  async expectEnd(): Promise<void> {
    if ((await this.peek(1)).length === 0) return;
    throw this.tooLong(this.consumed);
  }

  /** Checks, without reading on, that exactly so many bytes are left of a file that is not packed. Throws DATA_TRUNCATED, DATA_TOO_LONG. */
  expectLength(bytes: number): void {
    this.expectRoomFor(bytes);
    if (this.consumed + bytes < this.maxBytes) throw this.tooLong(this.consumed + bytes);
  }

  /** Everything from here on, in pieces. */
  async *remaining(): AsyncGenerator<Uint8Array> {
    if (this.rest.length > 0) yield this.rest;
    this.rest = new Uint8Array(0);
    for (let chunk = await this.next(); chunk !== null; chunk = await this.next()) yield chunk;
  }

  /** Throws DATA_TRUNCATED if `bytes` cannot be in the file: before memory for them is asked for. */
  expectRoomFor(bytes: number): void {
    if (this.consumed + bytes > this.maxBytes) {
      throw this.truncated(this.consumed + bytes, this.isPacked ? `at most ${this.maxBytes}` : `${this.maxBytes}`);
    }
  }

  async close(): Promise<void> {
    await this.chunks.return?.();
    this.source.close();
  }

  private async next(): Promise<Uint8Array | null> {
    this.signal.throwIfAborted();
    try {
      const { value, done } = await this.chunks.next();
      return done === true ? null : value;
    } catch (cause) {
      if (isUserError(cause)) throw cause;
      if ((cause as NodeJS.ErrnoException).code === 'Z_BUF_ERROR') {
        throw new UserError(
          'DATA_TRUNCATED',
          `${this.path} breaks off inside its compressed data.`,
          'Fetch it again.',
          {
            cause,
          },
        );
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new UserError('DATA_CORRUPT', `${this.path} is damaged: ${reason}.`, 'Fetch it again.', { cause });
    }
  }

  private tooLong(announced: number): UserError {
    return new UserError(
      'DATA_TOO_LONG',
      `${this.path} goes on after the ${announced} bytes that its header announces.`,
      'The file is damaged, or not of this format; fetch it again.',
    );
  }

  private truncated(wanted: number, have: string): UserError {
    return new UserError(
      'DATA_TRUNCATED',
      `${this.path} has ${have} bytes, but its header announces ${wanted}.`,
      'Fetch it again.',
    );
  }
}
