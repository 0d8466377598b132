import { execFile } from 'node:child_process';
import { basename, dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  LOCKFILE_BYTES_MAX,
  lockfileName,
  lockfilePath,
  parseLockfile,
  readLockfile,
} from '../../artifacts/lockfile.js';
import { findRun } from '../../artifacts/past-runs.js';
import { UserError } from '../../core/errors.js';
import { type Compared, comparedLockfile, comparedRun, diffOf, diffRows, diffValues } from '../../report/diff.js';
import { formatRows, type RowFormat } from '../../report/rows.js';
import { EXIT } from '../exit-code.js';
import { runsFolder } from '../places.js';
import type { Terminal } from '../terminal.js';

export interface DiffCommandOptions {
  /** Two runs as `findRun` takes them; with `lock`, none. */
  readonly runs: readonly string[];
  /** A revision of git, or two as "a..b". */
  readonly lock?: string;
  /** Whose lockfile is compared. */
  readonly recipe: string;
  readonly format: RowFormat | 'json';
}

/** `lathe diff`: in what two runs, or two versions of a lockfile, differ. Throws RUN_REFERENCE, CLI_DIFF, LOCK_REVISION, LOCK_INVALID. */
export async function diffCommand(options: DiffCommandOptions, terminal: Terminal): Promise<number> {
  const { before, after } = await sidesOf(options);
  const entries = diffOf(before, after);
  if (options.format === 'json') {
    terminal.out(JSON.stringify({ before: before.name, after: after.name, differences: entries }, null, 2));
  } else if (entries.length === 0 && options.format !== 'csv') {
    terminal.out(`No difference between ${before.name} and ${after.name}.`);
  } else {
    const rows = options.format === 'csv' ? diffValues(entries) : diffRows(entries, before.name, after.name);
    terminal.out(formatRows(rows, options.format, terminal.paint));
  }
  return EXIT.ok;
}

interface Sides {
  readonly before: Compared;
  readonly after: Compared;
}

async function sidesOf({ runs, lock, recipe }: DiffCommandOptions): Promise<Sides> {
  if (lock !== undefined) {
    if (runs.length > 0) throw usageError('--lock compares lockfiles; it takes no runs besides.');
    return lockSides(resolve(recipe), lock);
  }
  const [first, second, ...more] = runs;
  if (more.length > 0) throw usageError(`lathe diff compares two runs, not ${runs.length}.`);
  const before =
    first === undefined || second === undefined ? await earlier(first) : await findRun(runsFolder(), first);
  const after = await findRun(runsFolder(), second ?? 'last');
  return { before: comparedRun(before), after: comparedRun(after) };
}

/** Without runs, the last two; with one, it and the last one. */
function earlier(first: string | undefined) {
  return findRun(runsFolder(), first ?? 'last~1');
}

function usageError(problem: string): UserError {
  const fix = 'lathe diff [run] [run], or lathe diff --lock HEAD --recipe recipe.yaml.';
  return new UserError('CLI_DIFF', problem, fix, { class: 'usage' });
}

async function lockSides(recipe: string, revisions: string): Promise<Sides> {
  const [from, to] = revisions.split('..', 2) as [string, string | undefined];
  const before = await lockfileAt(recipe, from);
  return { before, after: to === undefined || to === '' ? await lockfileHere(recipe) : await lockfileAt(recipe, to) };
}

async function lockfileHere(recipe: string): Promise<Compared> {
  const path = lockfilePath(recipe);
  const lockfile = await readLockfile(path);
  if (lockfile === null) {
    const fix = 'A run of the whole recipe writes it.';
    throw new UserError('LOCK_MISSING', `There is no ${path}.`, fix, { class: 'usage' });
  }
  return comparedLockfile(lockfile, lockfileName(recipe));
}

/** The lockfile as git has it. */
async function lockfileAt(recipe: string, revision: string): Promise<Compared> {
  const path = lockfilePath(recipe);
  // A revision that looks like an option must not become one.
  if (revision === '' || revision.startsWith('-')) throw usageError(`"${revision}" is no revision.`);
  try {
    const show = ['-C', dirname(path), 'show', '--end-of-options', `${revision}:./${basename(path)}`];
    const { stdout } = await promisify(execFile)('git', show, { maxBuffer: LOCKFILE_BYTES_MAX });
    return comparedLockfile(await parseLockfile(stdout, `${path} at ${revision}`), revision);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const said = String((cause as { stderr?: unknown }).stderr ?? '').trim() || (cause as Error).message;
    const problem = `git does not have ${basename(path)} at "${revision}": ${said.split('\n', 1)[0]?.replace(/^fatal: |\.$/g, '')}.`;
    throw new UserError('LOCK_REVISION', problem, 'Commit the lockfile, or name a revision that has it.', {
      cause,
      class: 'usage',
    });
  }
}
