import { readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Json } from '../core/canonical-json.js';
import { type Place, UserError, UserErrors } from '../core/errors.js';
import { schemaProblems } from '../core/json-schema/problems.js';
import { isJsonMapping, type SchemaObject } from '../core/json-schema/schema.js';
import { packageRoot } from '../core/package-root.js';
import { readBounded } from '../core/read-bounded.js';
import { shownValue } from '../core/shown-value.js';
import type { PlacedDocument } from '../recipe/yaml-document.js';
import { writeDurably } from './durable.js';
import { lineOf, readLines } from './lockfile-lines.js';
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
  let text: string | null;
  try {
    text = await readBounded(path, LOCKFILE_BYTES_MAX);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return null;
    throw storageError(cause, path);
  }
  if (text === null) {
    throw invalid(path, `it is no file, or has more than ${LOCKFILE_BYTES_MAX >> 20} MiB`);
  }
  return parseLockfile(text, path);
}

/** So that each of the ten thousand cells of a recipe may have six kilobytes; a training takes less than one. */
export const LOCKFILE_BYTES_MAX = 64 << 20;

/** Throws LOCK_INVALID for what no Lathe of this version has written. @param path for messages */
export async function parseLockfile(text: string, path: string): Promise<Lockfile> {
  const read = readLines(text, PARTS_MAX);
  const problem = 'value' in read ? firstProblem(read.value) : undefined;
  if ('value' in read && problem === undefined) return read.value as unknown as Lockfile;
  // Somebody has changed it, or git has: a parser for all of YAML still reads it, or tells what is wrong with it, if it is not large.
  if (text.length <= FOREIGN_LENGTH_MAX) return parseForeign(text, path);
  const line = 'value' in read ? lineOf(text, problem!.path) : read.badLine;
  const place = { kind: 'text', file: path, line, column: 1 } as const;
  if (problem !== undefined) throw invalid(path, withoutDot(problem.problem), { place });
  throw invalid(path, `line ${line} is not as \`lathe run\` writes it`, { place });
}

async function parseForeign(text: string, path: string): Promise<Lockfile> {
  const { parseYaml } = await import('../recipe/yaml-document.js');
  let document: PlacedDocument;
  try {
    document = parseYaml(text, path, { keys: CELLS_MAX, parts: FOREIGN_PARTS_MAX, hasLongNumbers: true });
  } catch (cause) {
    const first = cause instanceof UserErrors ? cause.errors[0] : undefined;
    if (first === undefined) throw cause;
    throw invalid(path, withoutDot(first.problem), { place: first.place ?? null, cause });
  }
  const { version } = isJsonMapping(document.value) ? document.value : {};
  if (version !== undefined && version !== 1) {
    const place = document.locate(['version']);
    throw invalid(path, `its version is ${shownValue(version)}, not 1`, { place });
  }
  const problem = firstProblem(document.value);
  if (problem !== undefined) {
    const place = document.locate(problem.path, problem.kind === 'unknown-key' ? 'key' : 'value');
    throw invalid(path, withoutDot(problem.problem), { place });
  }
  return document.value as unknown as Lockfile;
}

function firstProblem(value: Json) {
  return schemaProblems(readSchema(), value, () => ({ noun: 'key', owner: 'a lockfile' }))[0];
}

const CELLS_MAX = 20_000;
/** Lines, and values in lines. Each of ten thousand cells may have 120; a training has thirty. */
const PARTS_MAX = 1_200_000;
/** As for a recipe. */
const FOREIGN_LENGTH_MAX = 2 << 20;
const FOREIGN_PARTS_MAX = 600_000;

function readSchema(): SchemaObject {
  return JSON.parse(readFileSync(join(packageRoot(), 'schemas', 'lockfile.schema.json'), 'utf8')) as SchemaObject;
}

function withoutDot(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

function invalid(path: string, problem: string, details: { place?: Place | null; cause?: unknown } = {}): UserError {
  return new UserError(
    'LOCK_INVALID',
    `${path} is not a lockfile that this Lathe can read: ${problem}.`,
    'Get it back from version control, or remove it and run the recipe: that writes a new one.',
    { place: details.place ?? { kind: 'file', file: path }, cause: details.cause, class: 'usage' },
  );
}

/**
 * Writes a lockfile unless it says the same already. A reader finds the old one or the new one. Throws LOCK_TOO_LARGE for one that
 * could not be read again.
 * @returns whether it changed
 */
export async function writeLockfile(path: string, text: string): Promise<boolean> {
  const bytes = Buffer.byteLength(text);
  if (bytes > LOCKFILE_BYTES_MAX || 'badLine' in readLines(text, PARTS_MAX)) {
    const lines = text.split('\n').length;
    throw new UserError(
      'LOCK_TOO_LARGE',
      `The lockfile ${path} is not written: it would have ${Math.ceil(bytes / 2 ** 20)} MiB in ${lines} lines, too much for reading it again.`,
      'Divide the recipe into several, or run it with --no-lock. All results are in the cache.',
      { class: 'usage' },
    );
  }
  return guarded(path, async () => {
    const before = await readBounded(path, text.length * BYTES_PER_CHARACTER).catch((cause: unknown) => {
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

/** In UTF-8 at most, and line ends of Windows. */
const BYTES_PER_CHARACTER = 4;

/** How messages call it. */
export function lockfileName(recipe: string): string {
  return basename(lockfilePath(recipe));
}
