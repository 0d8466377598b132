import { readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBounded } from '../core/read-bounded.js';
import { makeFolder } from './durable.js';
import { ownerPrefix, ownerState } from './owner.js';
import { systemCode } from './storage-error.js';

/**
 * Says that this process computes a key, so that others wait for the result instead of computing it, too. Nothing depends
 * on it: who finds no lock, or takes over one that is in use after all, computes what is thrown away as a duplicate.
 */
export interface KeyLock {
  release(): Promise<void>;
}

/** Takes a lock that is free, or whose owner is gone. Null if another process holds it. @param path the lock's own file */
export async function tryLock(path: string): Promise<KeyLock | null> {
  try {
    await makeFolder(dirname(path));
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await create(path)) return heldLock(path);
      if (!(await removeIfLeft(path))) return null;
    }
    return null;
  } catch (cause) {
    // Where no lock can be written, computing goes on without.
    if (systemCode(cause) === undefined) throw cause;
    return { release: async () => {} };
  }
}

/** Resolves when a lock is free to be tried again; rejects with the signal's reason if that is aborted. */
export async function untilReleased(path: string, signal: AbortSignal): Promise<void> {
  let seen = await markOf(path);
  let unchangedMs = 0;
  for (let waitMs = POLL_MS; ; waitMs = Math.min(waitMs * 1.5, POLL_MAX_MS)) {
    const now = await markOf(path);
    if (now === null || ownerState(now.owner) === 'dead') return;
    unchangedMs = now.text === seen?.text ? unchangedMs + waitMs : 0;
    // Of a process on another machine only the heartbeat tells whether it lives.
    if (unchangedMs > SILENT_MS) return;
    seen = now;
    await sleep(waitMs, undefined, { signal });
  }
}

/**
 * Removes the locks of processes that are gone. One that was killed after it had stored its result leaves a lock that nobody
 * would take over: its key is found in the cache.
 */
export async function removeLeftLocks(folder: string): Promise<void> {
  const names = await readdir(folder).catch((cause) => {
    if (systemCode(cause) === 'ENOENT') return [];
    throw cause;
  });
  for (const name of names) await removeIfLeft(join(folder, name));
}

const ATTEMPTS = 3;
const POLL_MS = 50;
const POLL_MAX_MS = 500;
const HEARTBEAT_MS = 10_000;
const SILENT_MS = 6 * HEARTBEAT_MS;

async function create(path: string): Promise<boolean> {
  try {
    await writeFile(path, ownerPrefix(), { flag: 'wx' });
    return true;
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') return false;
    throw cause;
  }
}

function heldLock(path: string): KeyLock {
  const heartbeat = setInterval(() => {
    const now = new Date();
    // Somebody may have removed it: it only saves work.
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return {
    async release() {
      clearInterval(heartbeat);
      const owner = await lockOwner(path).catch(() => null);
      if (owner === ownerPrefix()) await rm(path, { force: true });
    },
  };
}

/** Removes the lock of a process that is gone. False if its owner lives. */
async function removeIfLeft(path: string): Promise<boolean> {
  const mark = await markOf(path);
  if (mark === null) return true;
  const state = ownerState(mark.owner);
  const isSilent = Date.now() - mark.touchedAt > SILENT_MS;
  if (state === 'alive' || (state === 'elsewhere' && !isSilent)) return false;
  // By a name of its own first: of several that take it over, one gets it, and none removes the next owner's lock.
  const aside = `${path}.${ownerPrefix()}`;
  try {
    await rename(path, aside);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return true;
    throw cause;
  }
  const taken = await lockOwner(aside).catch(() => null);
  if (taken !== null && taken !== mark.owner) {
    // The lock had a new owner already: it gets it back, unless the next one has come meanwhile.
    await writeFile(path, taken, { flag: 'wx' }).catch(() => {});
  }
  await rm(aside, { force: true });
  return taken === mark.owner;
}

async function markOf(path: string): Promise<{ owner: string; touchedAt: number; text: string } | null> {
  try {
    const [owner, { mtimeMs, ino }] = await Promise.all([lockOwner(path), stat(path)]);
    return { owner, touchedAt: mtimeMs, text: `${owner} ${ino} ${mtimeMs}` };
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    throw cause;
  }
}

/** The owner that a lock names; what is no such name, or no file, is nobody here. Throws what `fs` throws. */
export async function lockOwner(path: string): Promise<string> {
  return (await readBounded(path, OWNER_BYTES_MAX)) ?? '';
}

const OWNER_BYTES_MAX = 1000;
