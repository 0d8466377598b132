import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../core/hash.js';
import { readBounded } from '../core/read-bounded.js';
import { digest, entries, listOf, text } from '../core/shape.js';
import { removeLeftLocks } from './key-lock.js';
import { layoutOf } from './layout.js';
import { removeLeftovers } from './leftovers.js';
import { ownerPrefix, ownerState } from './owner.js';
import { systemCode } from './storage-error.js';

/** What a run of a project needs of the cache. */
export interface RunNeeds {
  /** Absolute folder that the command was called in. */
  readonly project: string;
  /** Absolute path of the recipe: its lockfile lies beside it. */
  readonly recipe: string;
  readonly keys: readonly string[];
}

export interface NotedRun extends RunNeeds {
  /** Sorts by time. */
  readonly run: string;
  readonly file: string;
}

/**
 * Tells the cache what a run needs, so that whoever collects garbage in a shared cache keeps it, even where the project
 * itself cannot be read. A cache that cannot be written is not told.
 */
export async function noteNeeds(cacheDir: string, run: string, needs: RunNeeds): Promise<void> {
  const folder = join(layoutOf(cacheDir).needs, sha256(needs.project).slice(0, 16));
  await ifWritable(async () => {
    const names = await namesIn(folder);
    const newest = names.at(-1);
    const content = JSON.stringify(needs);
    // A run that needs what the last one did leaves no trace.
    if (newest !== undefined && (await readBounded(join(folder, newest), NOTE_BYTES_MAX)) === content) return;
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${run}.json`), content);
    for (const old of names.slice(0, Math.max(0, names.length + 1 - KEPT)))
      await rm(join(folder, old), { force: true });
  });
}

/** More than anyone asks to keep. */
const KEPT = 100;

/** What runs have noted, of every project, the latest first; what cannot be read as such is left out. */
export async function notedRuns(cacheDir: string): Promise<NotedRun[]> {
  const { needs } = layoutOf(cacheDir);
  const noted: NotedRun[] = [];
  for (const project of await namesIn(needs)) {
    for (const name of await namesIn(join(needs, project))) {
      const file = join(needs, project, name);
      const content = parse((await readBounded(file, NOTE_BYTES_MAX).catch(() => '')) ?? '');
      if (content !== null) noted.push({ ...content, run: name.replace(/\.json$/, ''), file });
    }
  }
  return noted.sort((a, b) => (a.run < b.run ? 1 : -1));
}

/** Says that a run goes on, until it says that it has ended. */
export async function enterLive(cacheDir: string): Promise<{ leave(): Promise<void> }> {
  const { live, locks } = layoutOf(cacheDir);
  const path = join(live, `${ownerPrefix()}-${Math.random().toString(36).slice(2)}`);
  await ifWritable(async () => {
    await mkdir(live, { recursive: true });
    // Runs that were killed could not say that they ended.
    await removeLeftovers(live);
    await removeLeftLocks(locks);
    await writeFile(path, '');
  });
  return { leave: () => ifWritable(() => rm(path, { force: true })) };
}

/** When the oldest run began that goes on, in ms; null if none does. Of other machines, a run lives for a week at most. */
export async function oldestLive(cacheDir: string): Promise<number | null> {
  const { live } = layoutOf(cacheDir);
  let oldest: number | null = null;
  for (const name of await namesIn(live)) {
    const path = join(live, name);
    const info = await stat(path).catch(() => null);
    if (info === null) continue;
    const state = ownerState(name);
    const isOver = state === 'dead' || (state === 'elsewhere' && Date.now() - info.mtimeMs > WEEK_MS);
    if (isOver) await rm(path, { force: true });
    else oldest = Math.min(oldest ?? Number.POSITIVE_INFINITY, info.mtimeMs);
  }
  return oldest;
}

const WEEK_MS = 7 * 24 * 3_600_000;

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return [];
    throw cause;
  }
}

async function ifWritable(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (systemCode(cause) === undefined) throw cause;
  }
}

function parse(content: string): RunNeeds | null {
  try {
    const note: unknown = JSON.parse(content);
    if (!isNote(note)) return null;
    const { project, recipe, keys } = note as RunNeeds;
    return { project, recipe, keys };
  } catch {
    return null;
  }
}

const isNote = entries({ project: text(), recipe: text(), keys: listOf(digest) });

/** Ten thousand cells take less than a megabyte. */
const NOTE_BYTES_MAX = 4 << 20;
