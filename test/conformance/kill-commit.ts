/**
 * Kills a commit to the cache at each of its system calls on files: npm run build && npx jiti test/conformance/kill-commit.ts
 *
 * strace sends SIGKILL when the process has entered its n-th call of a kind, for every kind and every n until the commit gets
 * through. After each kill a reader must find the whole result or none, and a second commit must end with the same digests,
 * with nothing damaged, nothing in quarantine and nothing left in tmp. Then the same where an earlier result is overruled.
 * Takes two minutes, half of that with --changing, which leaves out calls that change nothing. Needs strace and the right to
 * trace; without these it says so and ends with 0, or with 1 where LATHE_REQUIRE_STRACE is set.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layoutOf } from '../../src/artifacts/layout.js';
import { Store } from '../../src/artifacts/store.js';
import { verifyCache } from '../../src/artifacts/verify-cache.js';
import { sha256 } from '../../src/core/hash.js';

const VICTIM = fileURLToPath(new URL('commit-when-told.mjs', import.meta.url));
const KEY = sha256('the key');
/** The calls by which a commit changes files. */
const CHANGING = [
  ...['openat', 'mkdir', 'mkdirat', 'write', 'pwrite64', 'writev', 'fsync', 'fdatasync', 'ftruncate', 'utimensat'],
  ...[
    'link',
    'linkat',
    'unlink',
    'unlinkat',
    'rmdir',
    'rename',
    'renameat',
    'renameat2',
    'chmod',
    'fchmod',
    'fchmodat',
  ],
  'copy_file_range',
];
const LOOKING = ['close', 'read', 'pread64', 'statx', 'getdents64'];
const CALLS = process.argv.includes('--changing') ? CHANGING : [...CHANGING, ...LOOKING];
const REQUIRED = process.env.LATHE_REQUIRE_STRACE === '1';
/** No commit has so many calls of one kind: a loop that does not end is a bug. */
const MOST = 200;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Runs the victim. @returns whether it was killed, and undefined if it cannot be traced */
async function runVictim(cache: string, overrule: boolean, kill: string | null): Promise<boolean | undefined> {
  const victim = spawn(process.execPath, [VICTIM, cache, KEY, String(overrule)], {
    // One worker thread: strace counts the calls of each thread by itself.
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<boolean>((resolve) => victim.on('close', (_, signal) => resolve(signal === 'SIGKILL')));
  await said(victim, 'stdout', 'ready');
  if (kill !== null) {
    const tracer = spawn('strace', [
      '-f',
      '-q',
      '-o',
      '/dev/null',
      '-p',
      String(victim.pid),
      '-e',
      `trace=${CALLS}`,
      '-e',
      kill,
    ]);
    if (!(await isTracing(victim.pid!, tracer))) {
      victim.kill('SIGKILL');
      return undefined;
    }
  }
  victim.stdin!.write('go\n');
  return ended;
}

function said(child: ChildProcess, stream: 'stdout' | 'stderr', text: string): Promise<void> {
  return new Promise((resolve) => {
    child[stream]!.setEncoding('utf8').on('data', (chunk: string) => chunk.includes(text) && resolve());
  });
}

/** Waits until every thread of a process is traced. */
async function isTracing(pid: number, tracer: ChildProcess): Promise<boolean> {
  let isOver = false;
  tracer.on('close', () => {
    isOver = true;
  });
  tracer.on('error', () => {
    isOver = true;
  });
  while (!isOver) {
    if (threadsOf(pid).every((status) => !/^TracerPid:\t0$/m.test(status))) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

function threadsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((id) =>
    spawnSync('cat', [`/proc/${pid}/task/${id}/status`]).stdout.toString(),
  );
}

/** What is wrong with a cache after a kill; null if nothing is. */
async function faultOf(cache: string, expected: string): Promise<string | null> {
  const layout = layoutOf(cache);
  const warnings: string[] = [];
  const found = await new Store(cache, { onWarning: (warning) => warnings.push(warning) }).lookup(KEY);
  if (found !== null && found.outputs.model!.digest !== expected) return 'a reader finds another model';
  if (warnings.length > 0) return `a reader finds damage: ${warnings[0]}`;
  if ((await runVictim(cache, false, null)) !== false) return 'a second commit fails';
  const again = await new Store(cache).lookup(KEY);
  if (again?.outputs.model?.digest !== expected) return 'a second commit ends with another model';
  const { damaged, incomplete } = await verifyCache(cache);
  if (damaged.length + incomplete.length > 0) return `damaged: ${[...damaged, ...incomplete]}`;
  if (existsSync(layout.quarantine)) return 'something is in quarantine';
  if (readdirSync(layout.tmp).length > 0) return `left in tmp: ${readdirSync(layout.tmp)}`;
  return null;
}

async function main(): Promise<number> {
  if (spawnSync('strace', ['-V']).status !== 0) {
    say('strace is not installed: LEFT OUT');
    return REQUIRED ? 1 : 0;
  }
  const folder = await mkdtemp(join(tmpdir(), 'lathe-kill-commit-'));
  let kills = 0;
  const faults: string[] = [];
  try {
    const sound = join(folder, 'sound');
    await runVictim(sound, false, null);
    const expected = (await new Store(sound).lookup(KEY))!.outputs.model!.digest;
    for (const overrule of [false, true]) {
      for (const call of CALLS) {
        for (let n = 1; n <= MOST; n++) {
          const cache = join(folder, 'cache');
          if (overrule) await runVictim(cache, false, null);
          const isKilled = await runVictim(cache, overrule, `inject=${call}:signal=SIGKILL:when=${n}`);
          if (isKilled === undefined) {
            say('processes cannot be traced here: LEFT OUT');
            return REQUIRED ? 1 : 0;
          }
          const fault = isKilled ? await faultOf(cache, expected) : null;
          await rm(cache, { recursive: true, force: true });
          if (fault !== null) faults.push(`${call} ${n}${overrule ? ', overruling' : ''}: ${fault}`);
          if (!isKilled) break;
          kills++;
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  for (const fault of faults) say(fault);
  say(`${kills} kills, ${faults.length} faults`);
  return faults.length === 0 && kills > 0 ? 0 : 1;
}

process.exitCode = await main();
