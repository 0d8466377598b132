import type { Readable } from 'node:stream';

/**
 * A place outside this machine that keeps blobs by digest and records by key. Nothing that it hands out is trusted: the
 * reader verifies it. All methods throw a RemoteError where the remote refuses, fails or makes no sense, and what
 * `signal` was aborted with once it is.
 */
export interface RemoteCache {
  /** For messages: where it is, without anything secret. */
  readonly name: string;
  /** The stored text of a record, at most RECORD_BYTES_MAX; null if there is none. */
  getRecord(key: string, signal: AbortSignal): Promise<Uint8Array | null>;
  /** The content of a blob, as it arrives; null if there is none. The caller reads it to its end or destroys it. */
  getBlob(digest: string, signal: AbortSignal): Promise<Readable | null>;
  hasBlob(digest: string, signal: AbortSignal): Promise<boolean>;
  /** @param file its content has the digest */
  putBlob(digest: string, file: BlobFile, signal: AbortSignal): Promise<void>;
  /** Replaces an earlier record of the key. */
  putRecord(key: string, content: Uint8Array, signal: AbortSignal): Promise<void>;
}

export interface BlobFile {
  readonly path: string;
  readonly bytes: number;
}

/** A record holds digests and metrics, a confusion matrix at most; what is larger is no record. */
export const RECORD_BYTES_MAX = 16 * 1024 * 1024;

/** What a remote did wrong, as the end of a sentence that begins with its name: "answered 503 Service Unavailable". */
export class RemoteError extends Error {
  /** Whether the same request may well succeed a moment later. */
  readonly isTransient: boolean;

  constructor(problem: string, details: { readonly isTransient?: boolean; readonly cause?: unknown } = {}) {
    super(problem, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'RemoteError';
    this.isTransient = details.isTransient ?? false;
  }
}
