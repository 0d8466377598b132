import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunRecord } from '../../src/artifacts/run-record.js';
import { announcedFolder } from '../../src/cli/announce-plugin.js';
import { readPluginCode } from '../../src/plugin/code-digest.js';

/** The built command line; `npm test` builds it first. */
export const LATHE = fileURLToPath(new URL('../../dist/bin/lathe.cjs', import.meta.url));

/** Stages for tests of the command line: toy-make, toy-shrink, toy-judge. */
export const TOY_PLUGIN = fileURLToPath(new URL('../fixtures/plugins/toy.ts', import.meta.url));

/** What a user has who named the folder of the fixtures and was told of the toy plugin: neither is what most tests are about. */
const TRUSTING = {
  LATHE_ALLOW_PATH: dirname(TOY_PLUGIN),
  XDG_STATE_HOME: join(tmpdir(), `lathe-test-state-${process.pid}`),
};

function rememberToyPlugin(): void {
  const folder = announcedFolder(TRUSTING);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, readPluginCode(TOY_PLUGIN).digest), '');
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when standard output or standard error contains the text. */
  saw(text: string): Promise<void>;
}

export interface LatheOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Arguments of node itself. */
  readonly nodeArguments?: readonly string[];
}

/** Starts `lathe` in a process group of its own, as a shell does. */
export function startLathe(argv: readonly string[], { cwd, env = {}, nodeArguments = [] }: LatheOptions): Started {
  if (!existsSync(LATHE)) throw new Error('dist/ is missing: run `npm run build`');
  rememberToyPlugin();
  const child = spawn(process.execPath, [...nodeArguments, LATHE, ...argv], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...TRUSTING, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
      for (const listener of listeners) listener();
    });
  }
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, ...said }));
  });
  return {
    process: child,
    finished,
    saw: (text) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!`${said.stdout}\n${said.stderr}`.includes(text)) return;
          listeners.delete(check);
          resolve();
        };
        listeners.add(check);
        check();
        void finished.then(() => reject(new Error(`never said "${text}":\n${said.stdout}\n${said.stderr}`)));
      }),
  };
}

export function lathe(argv: readonly string[], options: LatheOptions): Promise<Finished> {
  return startLathe(argv, options).finished;
}

/** The last run record under a folder. A run that was killed has none. */
export function lastRun(cwd: string): RunRecord {
  const runs = join(cwd, '.lathe', 'runs');
  const records = readdirSync(runs)
    .map((id) => join(runs, id, 'run.json'))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')) as RunRecord);
  return records.sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt)).at(-1)!;
}

/** "cell status" of every stage of a run. */
export function statuses(record: RunRecord): string[] {
  return record.stages.map(({ cell, status }) => `${cell} ${status}`);
}

/** Processes of a group that still run, by the command line that each has. */
export function processesOfGroup(group: number): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const isLive = state !== 'Z' && state !== 'X';
        return isLive && Number(pgrp) === group ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8')] : [];
      } catch {
        return []; // gone meanwhile
      }
    });
}
