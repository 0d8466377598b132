import { setMaxListeners } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActionRecord, KeyDetails, StoredFile } from '../action-record.js';
import type { Store } from '../store.js';
import { bytesOf, type ExpectedResult } from './check-record.js';
import { Deadline } from './deadline.js';
import { download } from './download.js';
import { type RemoteCache, RemoteError } from './remote-cache.js';
import { retrying } from './retrying.js';
import { decodeSigned, encodeSigned } from './signed-record.js';
import type { PublicKey, Signer } from './signing-key.js';

export interface RemoteResultsOptions {
  readonly cache: RemoteCache;
  /** Where what the remote has is put before it is used. */
  readonly store: Store;
  /** Keys of which one must have signed a record; with none, unsigned ones are taken. */
  readonly publicKeys: readonly PublicKey[];
  /** Null leaves records that are stored unsigned. */
  readonly signer: Signer | null;
  /** Whether results that were computed here are stored on the remote. */
  readonly writes: boolean;
  readonly onWarning: (message: string) => void;
  /** Aborted: whatever is underway ends, nothing further starts. */
  readonly stop: AbortSignal;
  readonly limits?: TimeLimits;
}

export interface TimeLimits {
  /** For one lookup or one upload, besides the time that its bytes may take. */
  readonly budgetMs: number;
  /** As slow as models may come and go on average. */
  readonly bytesPerS: number;
  /** For all lookups of a run together that find nothing. */
  readonly missesMs: number;
}

export const TIME_LIMITS: TimeLimits = { budgetMs: 30_000, bytesPerS: 256 * 1024, missesMs: 120_000 };

/**
 * Results of a remote cache, for one run. It can save work and never spoil any: whatever goes wrong with the remote is
 * one warning, after which it is left alone; nothing here throws.
 */
export class RemoteResults {
  private readonly limits: TimeLimits;
  /** Aborted when the remote is not to be used any more. */
  private readonly end = new AbortController();
  private uploads: Promise<void> = Promise.resolve();
  private missesMs = 0;
  private hasToldOfRefusal = false;

  constructor(private readonly options: RemoteResultsOptions) {
    this.limits = options.limits ?? TIME_LIMITS;
    // One for every lookup that is underway; they are removed as these end.
    setMaxListeners(0, this.end.signal);
    const onStop = () => this.end.abort(options.stop.reason);
    if (options.stop.aborted) onStop();
    options.stop.addEventListener('abort', onStop, { once: true });
  }

  /**
   * The remote's result for a key, verified and committed to the local store; null if it has none that can be used.
   * @param details what the digests in the key record stand for; stored with it here
   */
  async fetch(key: string, expected: ExpectedResult, details?: () => KeyDetails): Promise<ActionRecord | null> {
    const { cache, publicKeys } = this.options;
    if (this.end.signal.aborted) return null;
    const startedAt = performance.now();
    const deadline = new Deadline(this.limits.budgetMs, this.end.signal);
    try {
      const content = await retrying(() => cache.getRecord(key, deadline.signal), deadline.signal);
      if (content !== null) {
        const verdict = decodeSigned(content, key, expected, publicKeys);
        if (verdict.kind === 'damaged') throw new RemoteError('sent a record that is not as it was stored');
        if (verdict.kind === 'refused') this.tellOfRefusal(key, verdict.reason);
        else return await this.take(verdict.record, details?.(), deadline);
      }
      this.countMiss(performance.now() - startedAt);
    } catch (error) {
      this.switchOff(error);
    } finally {
      deadline.end();
    }
    return null;
  }

  /** Stores a result that was computed here on the remote as well, in the background, if that is wanted. */
  offer(record: ActionRecord): void {
    if (this.options.writes) this.uploads = this.uploads.then(() => this.upload(record));
  }

  /**
   * Stores a result on the remote unless that has one which can be used. False if the remote is not to be used any more.
   * @param record verified
   */
  async push(record: ActionRecord, expected: ExpectedResult): Promise<'stored' | 'present' | false> {
    const { cache, publicKeys } = this.options;
    if (this.end.signal.aborted) return false;
    const deadline = new Deadline(this.limits.budgetMs, this.end.signal);
    try {
      const content = await retrying(() => cache.getRecord(record.key, deadline.signal), deadline.signal);
      const verdict = content === null ? null : decodeSigned(content, record.key, expected, publicKeys);
      if (verdict?.kind === 'accepted') return 'present';
    } catch (error) {
      this.switchOff(error);
    } finally {
      deadline.end();
    }
    await this.upload(record);
    return this.end.signal.aborted ? false : 'stored';
  }

  /** Resolves when everything offered so far is stored, or given up. */
  settle(): Promise<void> {
    return this.uploads;
  }

  /** Null if a blob of it is gone: a remote may drop what it likes. */
  private async take(
    record: ActionRecord,
    details: KeyDetails | undefined,
    deadline: Deadline,
  ): Promise<ActionRecord | null> {
    const { store } = this.options;
    const { signal } = deadline;
    deadline.extend(this.transferMs(record));
    const staging = await store.makeStaging();
    try {
      const outputs: Record<string, readonly string[]> = {};
      for (const [slot, { files }] of Object.entries(record.outputs)) {
        const paths: string[] = [];
        for (const file of files) {
          const path = await this.takeBlob(file, staging, signal);
          if (path === null) return null;
          paths.push(path);
        }
        outputs[slot] = paths;
      }
      const { key, keyRecord, metrics, durationMs } = record;
      return await store.commit({
        ...{ key, keyRecord, outputs, metrics, durationMs, overrule: false },
        ...(details === undefined ? {} : { details }),
      });
    } finally {
      await store.removeStaging(staging);
    }
  }

  /** The path of a verified copy, or null. */
  private async takeBlob(file: StoredFile, staging: string, signal: AbortSignal): Promise<string | null> {
    return retrying(async () => {
      const blob = await this.options.cache.getBlob(file.digest, signal);
      if (blob === null) return null;
      try {
        // Two slots may name their files alike, and a try that broke off leaves one.
        const path = join(await mkdtemp(join(staging, 'blob-')), file.name);
        await download(blob, file, path, signal);
        return path;
      } finally {
        blob.destroy();
      }
    }, signal);
  }

  private async upload(record: ActionRecord): Promise<void> {
    const { cache, store, signer } = this.options;
    if (this.end.signal.aborted) return;
    const deadline = new Deadline(this.limits.budgetMs + this.transferMs(record), this.end.signal);
    const { signal } = deadline;
    try {
      for (const { digest, bytes } of Object.values(record.outputs).flatMap((output) => output.files)) {
        await retrying(async () => {
          if (await cache.hasBlob(digest, signal)) return;
          await cache.putBlob(digest, { path: store.pathOf(digest), bytes }, signal);
        }, signal);
      }
      // Last, so that a reader who finds it finds the models as well.
      await retrying(() => cache.putRecord(record.key, encodeSigned(record, signer), signal), signal);
    } catch (error) {
      this.switchOff(error);
    } finally {
      deadline.end();
    }
  }

  private transferMs(record: ActionRecord): number {
    return (bytesOf(record) / this.limits.bytesPerS) * 1000;
  }

  private countMiss(ms: number): void {
    this.missesMs += ms;
    if (this.missesMs < this.limits.missesMs) return;
    throw new RemoteError(`took ${Math.round(this.missesMs / 1000)} s for lookups that found nothing`);
  }

  private tellOfRefusal(key: string, reason: string): void {
    if (this.hasToldOfRefusal) return;
    this.hasToldOfRefusal = true;
    this.options.onWarning(
      `The remote cache ${this.options.cache.name} has a result ${key.slice(0, 12)} that is not used: ${reason}. ` +
        'It is computed here, and so are others like it.',
    );
  }

  private switchOff(error: unknown): void {
    // A stop, or another request has failed already.
    if (this.end.signal.aborted) return;
    this.end.abort(error);
    const { name } = this.options.cache;
    const what =
      error instanceof RemoteError
        ? `The remote cache ${name} ${error.message}`
        : `A result of the remote cache ${name} could not be handled: ${error instanceof Error ? error.message : String(error)}`;
    this.options.onWarning(`${what.replace(/\.$/, '')}. It is not used any further in this run.`);
  }
}
