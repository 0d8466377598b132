import type { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { type Mask, maskOf } from '../core/mask.js';
import type { Provider } from '../runtime/provider.js';
import { askForProvider } from './ask-for-provider.js';
import { ChildPool } from './child-pool.js';
import { type Executor, RunCancelled } from './executor.js';
import type { Job } from './job.js';
import { superviseJob } from './supervise-job.js';

export interface LocalExecutorOptions {
  /** JavaScript file that calls `serveJobs`. */
  readonly childEntry: string;
  readonly env: NodeJS.ProcessEnv;
  /** Taken out of all that a job says, reports and throws. Default: nothing. */
  readonly mask?: Mask;
  /** Between the request to stop and the end by force. Default 5 s. */
  readonly graceMs?: number;
  /** Whether a process may take another job after one. Default true. */
  readonly reuse?: boolean;
  /** How many processes may wait for a job, started while others run: what starting takes is hidden then. Default 0. */
  readonly spares?: number;
}

/**
 * Executes each job in a child process on this machine: onnxruntime blocks the thread that it runs on, so time limits and the end by
 * force belong to the parent. A process takes another job when one has ended well, if nothing but built-ins was at work in it and it
 * holds little: what a stranger's code or a large model leaves behind in a process ends with it.
 */
export function localExecutor(options: LocalExecutorOptions): Executor {
  const { childEntry, env, mask = maskOf([]), graceMs = GRACE_MS, reuse = true, spares = 0 } = options;
  /** Each process that has a job, and whether it is likely to take the next one. */
  const running = new Map<ChildProcess, boolean>();
  /** Each started process, until it is gone. */
  const alive = new Map<ChildProcess, Promise<void>>();
  const pool = new ChildPool(() => {
    const child = childProcess().fork(childEntry, [], { env, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    // One that could not be started is none.
    if (child.pid === undefined) return child;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    alive.set(
      child,
      gone.then(() => void alive.delete(child)),
    );
    return child;
  });
  const probed = new Map<Provider, Promise<void>>();
  let expected = 0;
  const needed = () => Math.max(0, expected - running.size);
  // Only once a first job has come, or is known to come: before that, the cache may have everything.
  const fill = () => {
    const staying = [...running.values()].filter(Boolean).length;
    pool.resize(running.size === 0 ? 0 : Math.min(spares - staying, needed()));
  };
  return {
    prepare: (jobs) => pool.resize(Math.min(spares, jobs)),
    expect(jobs) {
      expected = jobs;
      pool.resize(Math.min(pool.size, needed()));
    },
    async close() {
      pool.resize(0);
      for (const child of alive.keys()) child.kill('SIGKILL');
      await Promise.all(alive.values());
    },
    requireProvider(provider) {
      let answer = probed.get(provider);
      if (answer === undefined) {
        const child = pool.take();
        running.set(child, false);
        answer = askForProvider(child, provider).finally(() => running.delete(child));
        probed.set(provider, answer);
      }
      return answer;
    },
    async execute(job, options) {
      if (options.signal.aborted) throw new RunCancelled();
      const child = pool.take();
      const stays = reuse && isOurs(job) ? { memoryMax: STAYING_MEMORY_MAX } : null;
      running.set(child, stays !== null);
      pool.plugins = job.plugins;
      fill();
      const onOutgrown = () => {
        running.set(child, false);
        fill();
      };
      try {
        const end = await superviseJob(child, job, { ...options, graceMs, mask, stays, onOutgrown });
        if (end.stays && needed() > pool.size) pool.giveBack(child);
        else if (end.stays) child.kill('SIGKILL');
        return end.result;
      } finally {
        running.delete(child);
      }
    },
  };
}

/** Whether nothing but built-ins is at work, on the CPU: no code of strangers, no driver. */
function isOurs({ plugin, plugins, provider }: Job): boolean {
  return plugin === null && plugins.length === 0 && provider === 'cpu';
}

/** Two and a half times what a process holds that has computed nothing: what the next stage needs besides is what was estimated for it. */
const STAYING_MEMORY_MAX = 256 * 2 ** 20;

/** Loaded for the first process: Node's network comes with it, and most runs find everything in the cache. */
function childProcess(): typeof import('node:child_process') {
  return createRequire(import.meta.url)('node:child_process') as typeof import('node:child_process');
}

const GRACE_MS = 5000;
