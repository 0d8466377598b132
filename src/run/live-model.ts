import type { StoredModel } from '../artifacts/action-record.js';

/** A model that a run has at hand. */
export interface LiveModel {
  readonly digest: string;
  readonly bytes: number;
  /** Where it can be read: the blob in the cache, or the user's own file. */
  readonly path: string;
  /** Null for the user's own files. */
  readonly stored: StoredModel | null;
  /** Which cell made it, under which key; null for the user's own files. */
  readonly origin: { readonly stage: string; readonly key: string } | null;
}
