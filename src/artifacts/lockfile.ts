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

/** A recipe's ten thousand cells take less. */
export const LOCKFILE_BYTES_MAX = 8 << 20;

/** Throws LOCK_INVALID for what no Lathe of this version has written. @param path for messages */
export async function parseLockfile(text: string, path: string): Promise<Lockfile> {
  const { parseYaml } = await import('../recipe/yaml-document.js');
  let document: PlacedDocument;
  try {
    document = parseYaml(text, path, { keys: CELLS_MAX, parts: PARTS_MAX, hasLongNumbers: true });
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
  const subject = () => ({ noun: 'key', owner: 'a lockfile' });
  const [problem] = schemaProblems(readSchema(), document.value, subject);
  if (problem !== undefined) {
    const place = document.locate(problem.path, problem.kind === 'unknown-key' ? 'key' : 'value');
    throw invalid(path, withoutDot(problem.problem), { place });
  }
  return document.value as unknown as Lockfile;
}

const CELLS_MAX = 20_000;
/** A third of its bytes, as in every lockfile. */
const PARTS_MAX = 3_000_000;

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

/** Writes a lockfile unless it says the same already. A reader finds the old one or the new one. @returns whether it changed */
export async function writeLockfile(path: string, text: string): Promise<boolean> {
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
