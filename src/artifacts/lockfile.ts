import { readFile, rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Json } from '../core/canonical-json.js';
import { UserError } from '../core/errors.js';
import { writeDurably } from './durable.js';
import { guarded, storageError, systemCode } from './storage-error.js';

/** What a run of a whole recipe came to: the same recipe, inputs and software give the same lockfile, whoever runs it. */
export interface Lockfile {
  readonly version: 1;
  readonly recipe: {
    readonly name: string;
    /** SHA-256 of what the recipe says; comments and layout do not matter. */
    readonly digest: string;
  };
  readonly runtime: LockedRuntime;
  /** Plugins that do not come with Lathe, as the recipe names them → digest of their code. */
  readonly plugins: Readonly<Record<string, string>>;
  readonly cells: Readonly<Record<string, LockedCell>>;
}

/** What decides whether bits can be compared; `lathe` alone does not. */
export interface LockedRuntime {
  readonly lathe: string;
  readonly onnxruntime: string;
  /** Of all stages that compute, sorted: "cpu", "cpu, webgpu". */
  readonly provider: string;
  readonly cpuClass: string;
  /** Only if one of them computes on a GPU. */
  readonly gpu?: string;
}

export interface LockedCell {
  readonly uses: string;
  readonly key: string;
  /** After defaults; paths relative to the recipe's folder. */
  readonly options: Readonly<Record<string, Json>>;
  /** Models that the cell makes. */
  readonly outputs: Readonly<Record<string, { readonly digest: string; readonly bytes: number }>>;
  /** Single numbers that equal bits imply: no timings. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** `digits.lock.yaml` beside `digits.yaml`. */
export function lockfilePath(recipe: string): string {
  return `${recipe.replace(/\.ya?ml$/i, '')}.lock.yaml`;
}

/** The lockfile at a path; null if there is none. Throws LOCK_INVALID. */
export async function readLockfile(path: string): Promise<Lockfile | null> {
  try {
    return await parseLockfile(await readFile(path, 'utf8'), path);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    throw storageError(cause, path);
  }
}

/** Throws LOCK_INVALID for what no Lathe of this version has written. @param path for messages */
export async function parseLockfile(text: string, path: string): Promise<Lockfile> {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0 });
  } catch (cause) {
    throw invalid(path, `it is no YAML (${(cause as Error).message.split('\n', 1)[0]})`, cause);
  }
  const lock = value as Lockfile | null;
  if (typeof lock !== 'object' || lock === null) throw invalid(path, 'it is no mapping');
  if (lock.version !== 1) throw invalid(path, `its version is ${String(lock.version)}, not 1`);
  if (typeof lock.recipe?.digest !== 'string' || typeof lock.runtime?.cpuClass !== 'string') {
    throw invalid(path, 'recipe or runtime is missing');
  }
  const cells = Object.entries(lock.cells ?? {}).map(
    ([id, cell]) =>
      [id, { ...cell, options: cell.options ?? {}, outputs: cell.outputs ?? {}, metrics: cell.metrics ?? {} }] as const,
  );
  return { ...lock, plugins: lock.plugins ?? {}, cells: Object.fromEntries(cells) };
}

function invalid(path: string, problem: string, cause?: unknown): UserError {
  return new UserError(
    'LOCK_INVALID',
    `${path} is not a lockfile that this Lathe can read: ${problem}.`,
    'Get it back from version control, or remove it and run the recipe: that writes a new one.',
    { place: { kind: 'file', file: path }, cause, class: 'usage' },
  );
}

/** Writes a lockfile unless it says the same already. A reader finds the old one or the new one. @returns whether it changed */
export async function writeLockfile(path: string, text: string): Promise<boolean> {
  return guarded(path, async () => {
    const before = await readFile(path, 'utf8').catch((cause: unknown) => {
      if (systemCode(cause) === 'ENOENT') return null;
      throw cause;
    });
    // Git may give the file the line ends of the platform.
    if (before?.replaceAll('\r\n', '\n') === text) return false;
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      await writeDurably(temporary, text);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
    return true;
  });
}

/** How messages call it. */
export function lockfileName(recipe: string): string {
  return basename(lockfilePath(recipe));
}
