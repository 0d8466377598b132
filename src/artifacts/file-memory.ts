import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, sha256File } from '../core/hash.js';
import { makeFolder, writeDurably } from './durable.js';
import { layoutOf } from './layout.js';
import { ownerPrefix } from './owner.js';
import { systemCode } from './storage-error.js';

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
      const temporary = join(tmp, `${ownerPrefix()}-${randomBytes(6).toString('hex')}`);
      try {
        await makeFolder(tmp);
        await replaceText(path, encode(newest(entries, fresh)), temporary);
        isChanged = false;
      } catch (cause) {
        // It only saves time: whoever may not or cannot write here hashes again.
        if (systemCode(cause) === undefined) throw cause;
      }
    },
  };
}

/** Real file systems keep times in steps of up to 2 s (FAT); nothing younger can be told from a later change. */
const SETTLED_MS = 2000;
/** Entries beyond this are left out, those of this run last. */
const ENTRIES_MAX = 200_000;

async function replaceText(path: string, text: string, temporary: string): Promise<void> {
  try {
    await writeDurably(temporary, text);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

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

function encode(entries: ReadonlyMap<string, Entry>): string {
  const body = JSON.stringify(Object.fromEntries(entries));
  return `${sha256(body)}\n${body}\n`;
}

/** What the file says; nothing if it is not there or a single byte of it is not as it was written. */
async function readEntries(path: string): Promise<ReadonlyMap<string, Entry>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (systemCode(cause) === undefined) throw cause;
    return new Map();
  }
  const end = text.indexOf('\n');
  const body = text.slice(end + 1, -1);
  return sha256(body) === text.slice(0, end) ? new Map(Object.entries(JSON.parse(body) as Entries)) : new Map();
}

type Entries = Readonly<Record<string, Entry>>;
