import { stat } from 'node:fs/promises';
import { sha256File } from '../core/hash.js';
import { digest, entries, mappingOf, text } from '../core/shape.js';
import { layoutOf } from './layout.js';
import { readSealed, writeSealed } from './sealed-file.js';

/** Content digests of files that did not change since they were hashed, told by what the file system says of them. */
export interface FileMemory {
  /** SHA-256 of a file's content. Throws what `fs` throws. */
  digest(path: string): Promise<string>;
  /** Keeps what is new for the next run; a cache that cannot be written keeps nothing. */
  save(): Promise<void>;
}

/** What was known of a file when it was hashed. */
interface Entry {
  readonly mark: string;
  readonly digest: string;
}

/** The memory of a cache folder. Reads it when the first digest is asked for. */
export function openFileMemory(cacheDir: string): FileMemory {
  const { files: path, tmp } = layoutOf(cacheDir);
  const fresh = new Map<string, Entry>();
  let known: Promise<ReadonlyMap<string, Entry>> | undefined;
  let isChanged = false;
  return {
    async digest(file) {
      known ??= readEntries(path);
      const before = await markOf(file);
      const earlier = (await known).get(file);
      if (earlier !== undefined && earlier.mark === before.text) {
        fresh.set(file, earlier);
        return earlier.digest;
      }
      const startedAt = Date.now();
      const digest = await sha256File(file);
      const after = await markOf(file);
      // A file that changes twice within a tick of the clock looks as if it had changed once.
      const isSettled = startedAt - after.changedAt >= SETTLED_MS && after.text === before.text;
      if (isSettled) {
        fresh.set(file, { mark: after.text, digest });
        isChanged = true;
      }
      return digest;
    },
    async save() {
      if (!isChanged) return;
      const entries = new Map([...(await (known ?? readEntries(path))), ...fresh]);
      // It only saves time: whoever may not or cannot write here hashes again.
      if (await writeSealed(path, Object.fromEntries(newest(entries, fresh)), tmp)) isChanged = false;
    },
  };
}

/** Real file systems keep times in steps of up to 2 s (FAT); nothing younger can be told from a later change. */
const SETTLED_MS = 2000;
/** Entries beyond this are left out, those of this run last. */
const ENTRIES_MAX = 200_000;

async function markOf(file: string): Promise<{ text: string; changedAt: number }> {
  const { size, mtimeNs, ctimeNs, ino, dev } = await stat(file, { bigint: true });
  const changedAt = Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n);
  return { text: `${size} ${mtimeNs} ${ctimeNs} ${dev}:${ino}`, changedAt };
}

function newest(entries: ReadonlyMap<string, Entry>, fresh: ReadonlyMap<string, Entry>): ReadonlyMap<string, Entry> {
  if (entries.size <= ENTRIES_MAX) return entries;
  const others = [...entries].filter(([file]) => !fresh.has(file));
  return new Map([...fresh, ...others].slice(0, ENTRIES_MAX));
}

async function readEntries(path: string): Promise<ReadonlyMap<string, Entry>> {
  const known = await readSealed(path);
  return new Map(hasEntries(known) ? Object.entries(known as Readonly<Record<string, Entry>>) : []);
}

const hasEntries = mappingOf(entries({ mark: text(), digest }));
