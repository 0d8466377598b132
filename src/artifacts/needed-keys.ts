import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lockfilePath, readLockfile } from './lockfile.js';
import { type NotedRun, notedRuns } from './needs.js';
import { systemCode } from './storage-error.js';

export interface NeededKeys {
  readonly keys: ReadonlySet<string>;
  /** What projects noted that are gone. */
  readonly forgotten: readonly NotedRun[];
}

/** The keys that the lockfiles of all known recipes name, and those of the last runs of every project. */
export async function neededKeys(cacheDir: string, keepRuns: number): Promise<NeededKeys> {
  const keys = new Set<string>();
  const forgotten: NotedRun[] = [];
  for (const runs of groupedBy(await notedRuns(cacheDir), ({ project }) => project).values()) {
    const { project } = runs[0]!;
    if (await isGone(project)) {
      forgotten.push(...runs);
      continue;
    }
    for (const run of runs.slice(0, keepRuns)) for (const key of run.keys) keys.add(key);
    for (const [recipe, ofRecipe] of groupedBy(runs, (run) => run.recipe)) {
      const locked = await lockedKeys(recipe);
      for (const key of locked ?? ofRecipe.flatMap((run) => run.keys)) keys.add(key);
    }
  }
  return { keys, forgotten };
}

/** Null if the lockfile cannot be read: any of the runs may be the one that it names. */
async function lockedKeys(recipe: string): Promise<readonly string[] | null> {
  try {
    const lock = await readLockfile(lockfilePath(recipe));
    return lock === null ? [] : Object.values(lock.cells).map(({ key }) => key);
  } catch {
    return null;
  }
}

/** A folder is gone if the one around it is there without it; if that is missing, too, a disk may not be mounted. */
async function isGone(folder: string): Promise<boolean> {
  return (await exists(folder)) === false && (await exists(dirname(folder))) === true;
}

async function exists(path: string): Promise<boolean | null> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    return systemCode(cause) === 'ENOENT' ? false : null;
  }
}

function groupedBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return groups;
}
