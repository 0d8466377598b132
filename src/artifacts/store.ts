import { randomBytes } from 'node:crypto';
import { chmod, copyFile, link, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Json } from '../core/canonical-json.js';
import { readBounded } from '../core/read-bounded.js';
import {
  type ActionRecord,
  decodeRecord,
  encodeRecord,
  type KeyDetails,
  RECORD_FILE_BYTES_MAX,
  type StoredFile,
  type StoredModel,
  storedModel,
} from './action-record.js';
import { makeFolder, publish, replace, writeDurably } from './durable.js';
import { finishStagedFile, hashOfFile, sizeOf } from './file-hash.js';
import { type KeyLock, tryLock, untilReleased } from './key-lock.js';
import { noteUse } from './last-use.js';
import { type Layout, layoutOf } from './layout.js';
import { removeLeftovers } from './leftovers.js';
import { ownerPrefix } from './owner.js';
import { guarded, storageError, systemCode } from './storage-error.js';

export interface StoreOptions {
  /** Told in one sentence what was found damaged. */
  readonly onWarning?: (message: string) => void;
}

/**
 * A file that is to be stored, with the SHA-256 of what was written into it if that was taken then: it is not read again.
 * Should the file differ after all, its name in the cache tells, as for every damaged one.
 */
export type StagedFile = string | { readonly path: string; readonly digest: string };

export interface Commit {
  readonly key: string;
  readonly keyRecord: Json;
  readonly details?: KeyDetails;
  /** Slot to the files of its model, the model first. They lie in a folder of `makeStaging` and are moved away. */
  readonly outputs: Readonly<Record<string, readonly StagedFile[]>>;
  readonly chosen?: ActionRecord['chosen'];
  readonly metrics: Readonly<Record<string, Json>>;
  readonly durationMs: number;
  /** Overrule an earlier result for the key; otherwise the first one stays and is returned. */
  readonly overrule: boolean;
}

/**
 * The cache: models by the digest of their content, results by the key of what produced them.
 * Whatever is killed at whatever moment, a reader finds a whole, verified result or none; docs/cache.md tells how.
 * All methods throw UserErrors of class infrastructure where the file system refuses.
 */
export class Store {
  private readonly layout: Layout;
  private readonly warn: (message: string) => void;
  /** Blobs whose content was checked or written by this process, so that a run hashes none twice. */
  private readonly verified = new Map<string, Promise<boolean>>();
  private readonly peeked = new Map<string, ActionRecord>();
  private prepared: Promise<void> | undefined;

  /** Touches nothing on the disk. @param cacheDir for instance `.lathe/cache` */
  constructor(cacheDir: string, options: StoreOptions = {}) {
    this.layout = layoutOf(cacheDir);
    this.warn = options.onWarning ?? (() => {});
  }

  /**
   * The result for a key; null if there is none or it was damaged.
   * @param checks what is verified of the files of its outputs: every byte, or that they are there with their sizes. Who
   *   uses one of the latter verifies it first, with `isIntact`
   */
  async lookup(key: string, checks: 'content' | 'presence' = 'content'): Promise<ActionRecord | null> {
    const path = this.layout.record(key);
    const record = this.takePeeked(key) ?? (await this.readRecord(key));
    if (record === null) return null;
    for (const file of Object.values(record.outputs).flatMap((output) => output.files)) {
      if (checks === 'content' ? await this.isFileIntact(file) : await this.isThere(file)) continue;
      const isMoved = await this.setAside(path, `The cached model ${file.digest.slice(0, 12)} is damaged or missing`);
      if (isMoved) await this.moveToQuarantine(this.layout.blob(file.digest));
      this.verified.delete(file.digest);
      return null;
    }
    await noteUse(path);
    return record;
  }

  /** The result for a key as far as its record tells, unverified: for looking only. Writes nothing. */
  async peek(key: string): Promise<ActionRecord | null> {
    const text = await this.recordText(key);
    const record = text === null ? undefined : decodeRecord(text, key);
    if (record !== undefined) this.peeked.set(key, record);
    return record ?? null;
  }

  /** What was read by `peek` need not be read again by the first `lookup` after it, which verifies the files all the same. */
  private takePeeked(key: string): ActionRecord | undefined {
    const record = this.peeked.get(key);
    this.peeked.delete(key);
    return record;
  }

  /** The record for a key; null if there is none or it was damaged. */
  private async readRecord(key: string): Promise<ActionRecord | null> {
    const text = await this.recordText(key);
    const record = text === null ? undefined : decodeRecord(text, key);
    if (record !== undefined) return record;
    if (text !== null) await this.setAside(this.layout.record(key), `The cached result ${key.slice(0, 12)} is damaged`);
    return null;
  }

  /** What is no text of a record is one that is damaged. */
  private async recordText(key: string): Promise<string | null> {
    const path = this.layout.record(key);
    try {
      return (await readBounded(path, RECORD_FILE_BYTES_MAX)) ?? '';
    } catch (cause) {
      if (systemCode(cause) === 'ENOENT') return null;
      throw storageError(cause, path);
    }
  }

  /** Stores a result: the content first, the record last. Returns the record that holds from now on for the key. */
  async commit(commit: Commit): Promise<ActionRecord> {
    return guarded(this.layout.root, async () => {
      await this.prepare();
      const outputs: Record<string, StoredModel> = {};
      for (const [slot, paths] of Object.entries(commit.outputs)) {
        const files: StoredFile[] = [];
        for (const each of paths) {
          const { path, digest } = typeof each === 'string' ? { path: each, digest: null } : each;
          files.push({ name: basename(path), ...(await this.adopt(path, digest)) });
        }
        outputs[slot] = storedModel(files);
      }
      const record: ActionRecord = {
        schema: 1,
        key: commit.key,
        keyRecord: commit.keyRecord,
        ...(commit.details === undefined ? {} : { details: commit.details }),
        outputs,
        ...(commit.chosen === undefined ? {} : { chosen: commit.chosen }),
        metrics: commit.metrics,
        durationMs: commit.durationMs,
        createdAt: new Date().toISOString(),
      };
      const holding = await this.publishRecord(record, commit.overrule);
      await this.removeCheckpoint(commit.key);
      return holding;
    });
  }

  /** Whether every byte of a model is as it was stored; each file is hashed once per process. */
  async isIntact(model: StoredModel): Promise<boolean> {
    for (const file of model.files) if (!(await this.isFileIntact(file))) return false;
    return true;
  }

  /** Says to others that share the cache that this process computes a key; null if another one does. */
  tryLock(key: string): Promise<KeyLock | null> {
    return tryLock(this.layout.lock(key));
  }

  untilUnlocked(key: string, signal: AbortSignal): Promise<void> {
    return untilReleased(this.layout.lock(key), signal);
  }

  /** The read-only file that holds a blob. */
  pathOf(digest: string): string {
    return this.layout.blob(digest);
  }

  /** The file in which the stage with this key keeps its place while it runs. */
  checkpointOf(key: string): string {
    return this.layout.checkpoint(key);
  }

  async removeCheckpoint(key: string): Promise<void> {
    const folder = dirname(this.layout.checkpoint(key));
    await guarded(folder, () => rm(folder, { recursive: true, force: true }));
  }

  /**
   * The path by which a model can be loaded: the blob itself, or, where it has external data, a hard link or copy in
   * `folder` with the data beside it (onnxruntime follows no symbolic link there).
   */
  async materialize(model: StoredModel, folder: string): Promise<string> {
    const [first] = model.files;
    if (model.files.length === 1) return this.pathOf(first!.digest);
    return guarded(folder, async () => {
      await mkdir(folder, { recursive: true });
      for (const file of model.files) await linkOrCopy(this.pathOf(file.digest), join(folder, file.name));
      return join(folder, first!.name);
    });
  }

  /** A new folder on the cache's file system for what is in the making. */
  async makeStaging(): Promise<string> {
    return guarded(this.layout.tmp, async () => {
      await this.prepare();
      const path = join(this.layout.tmp, this.temporaryName());
      await mkdir(path);
      return path;
    });
  }

  async removeStaging(path: string): Promise<void> {
    await guarded(path, () => rm(path, { recursive: true, force: true }));
  }

  private async prepare(): Promise<void> {
    this.prepared ??= (async () => {
      await makeFolder(this.layout.tmp);
      await writeFile(this.layout.tag, CACHEDIR_TAG, { flag: 'wx' }).catch((cause) => {
        if (systemCode(cause) !== 'EEXIST') throw cause;
      });
      await removeLeftovers(this.layout.tmp);
    })();
    // A full disk now may have room later.
    this.prepared.catch(() => {
      this.prepared = undefined;
    });
    return this.prepared;
  }

  /** Moves a staged file to its place by content. */
  private async adopt(staged: string, known: string | null): Promise<{ digest: string; bytes: number }> {
    const { digest, bytes } = await finishStagedFile(staged, known);
    await chmod(staged, 0o444);
    const path = this.layout.blob(digest);
    if (!(await publish(staged, path))) {
      if (await this.isFileIntact({ name: '', digest, bytes })) await noteUse(path);
      else {
        await this.setAside(path, `The cached model ${digest.slice(0, 12)} is damaged`);
        await publish(staged, path);
      }
    }
    // What was hashed elsewhere is verified when it is used.
    if (known === null) this.verified.set(digest, Promise.resolve(true));
    return { digest, bytes };
  }

  private async publishRecord(record: ActionRecord, overrule: boolean): Promise<ActionRecord> {
    const path = this.layout.record(record.key);
    const temporary = join(this.layout.tmp, this.temporaryName());
    await writeDurably(temporary, encodeRecord(record));
    try {
      if (overrule) {
        await replace(temporary, path);
        return record;
      }
      while (!(await publish(temporary, path))) {
        // Another process was first: its result holds, so that all of them go on from the same bytes.
        const winner = await this.lookup(record.key);
        if (winner !== null) return winner;
      }
      return record;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  private async isThere({ digest, bytes }: StoredFile): Promise<boolean> {
    return (await sizeOf(this.pathOf(digest))) === bytes;
  }

  private isFileIntact(file: StoredFile): Promise<boolean> {
    let answer = this.verified.get(file.digest);
    if (answer === undefined) {
      answer = this.isThere(file).then(
        async (isThere) => isThere && (await hashOfFile(this.pathOf(file.digest))) === file.digest,
      );
      this.verified.set(file.digest, answer);
    }
    return answer;
  }

  /** Moves a damaged file out of the way with a warning. Returns false in a cache that cannot be written. */
  private async setAside(path: string, problem: string): Promise<boolean> {
    const isMoved = await this.moveToQuarantine(path);
    this.warn(`${problem}; ${isMoved ? 'it was moved to quarantine and' : 'it'} will be computed again.`);
    return isMoved;
  }

  private async moveToQuarantine(path: string): Promise<boolean> {
    try {
      await makeFolder(this.layout.quarantine);
      await rename(
        path,
        join(this.layout.quarantine, `${basename(path)}-${Date.now()}-${randomBytes(3).toString('hex')}`),
      );
      return true;
    } catch (cause) {
      const code = systemCode(cause);
      if (code === 'ENOENT') return true;
      if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return false;
      throw storageError(cause, path);
    }
  }

  private temporaryName(): string {
    return `${ownerPrefix()}-${randomBytes(6).toString('hex')}`;
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}

/** Tells backup programs to pass by: https://bford.info/cachedir/ */
const CACHEDIR_TAG = `Signature: 8a477f597d28d172789f06886806bc55
# This folder is the cache of Lathe (onnx-lathe). It can be deleted at any time; results are computed again.
`;
