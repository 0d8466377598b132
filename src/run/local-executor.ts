import type { ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { UserError } from '../core/errors.js';
import { type Mask, maskOf } from '../core/mask.js';
import { maskError } from '../core/mask-error.js';
import type { Provider } from '../runtime/provider.js';
import { askForProvider } from './ask-for-provider.js';
import { ChildPool } from './child-pool.js';
import { type ExecuteOptions, type Executor, RunCancelled } from './executor.js';
import type { Job, JobResult } from './job.js';
import { jobWords } from './job-words.js';
import { type ChildMessage, type ParentMessage, unpackError } from './messages.js';
import { peakMemoryOf } from './peak-memory.js';
import { readLines } from './read-lines.js';
import { TimeLimit } from './time-limit.js';

export interface LocalExecutorOptions {
  /** JavaScript file that calls `serveJobs`. */
  readonly childEntry: string;
  readonly env: NodeJS.ProcessEnv;
  /** Taken out of all that a job says, reports and throws. Default: nothing. */
  readonly mask?: Mask;
  /** Between the request to stop and the end by force. Default 5 s. */
  readonly graceMs?: number;
  /** How many processes may wait for a job, started while others run: what starting takes is hidden then. Default 0. */
  readonly spares?: number;
}

/**
 * Executes each job in a child process of its own on this machine. onnxruntime blocks the thread that it runs on, so
 * time limits and the end by force belong to the parent; and it keeps memory of every model, so no process runs two jobs.
 */
export function localExecutor(options: LocalExecutorOptions): Executor {
  const { childEntry, env, mask = maskOf([]), graceMs = GRACE_MS, spares = 0 } = options;
  const running = new Set<ChildProcess>();
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
  // Only once a first job has come, or is known to come: before that, the cache may have everything.
  const fill = () => pool.resize(running.size === 0 ? 0 : Math.min(spares, expected - running.size));
  return {
    prepare: (jobs) => pool.resize(Math.min(spares, jobs)),
    expect(jobs) {
      expected = jobs;
      pool.resize(Math.min(pool.size, Math.max(0, jobs - running.size)));
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
        running.add(child);
        answer = askForProvider(child, provider).finally(() => running.delete(child));
        probed.set(provider, answer);
      }
      return answer;
    },
    execute(job, options) {
      if (options.signal.aborted) return Promise.reject(new RunCancelled());
      const child = pool.take();
      running.add(child);
      const result = superviseChild(child, job, { ...options, graceMs, mask }).finally(() => running.delete(child));
      pool.plugins = job.plugins;
      fill();
      return result;
    },
  };
}

/** Loaded for the first process: Node's network comes with it, and most runs find everything in the cache. */
function childProcess(): typeof import('node:child_process') {
  return createRequire(import.meta.url)('node:child_process') as typeof import('node:child_process');
}

const GRACE_MS = 5000;

/** Talks to one child until it has exited, and tells how it ended. */
function superviseChild(
  child: ChildProcess,
  job: Job,
  {
    signal,
    timeoutMs,
    onEvent,
    alone,
    graceMs,
    mask,
  }: ExecuteOptions & { readonly graceMs: number; readonly mask: Mask },
): Promise<JobResult> {
  return new Promise((resolve, reject) => {
    let outcome: ChildMessage | undefined;
    let ending: 'cancelled' | 'timeout' | undefined;
    let peakBytes = 0;
    let force: NodeJS.Timeout | undefined;
    const lastLines: string[] = [];

    const stop = (reason: 'cancelled' | 'timeout') => {
      if (ending !== undefined) return;
      ending = reason;
      child.kill('SIGTERM');
      force = setTimeout(() => child.kill('SIGKILL'), graceMs);
    };
    const onAbort = () => stop('cancelled');
    signal.addEventListener('abort', onAbort, { once: true });
    const limit = new TimeLimit(timeoutMs, () => stop('timeout'));
    const gone = new AbortController();
    const quiet = quietFor(child, { alone, limit, gone: gone.signal });

    // A child that blocks its thread does not tell how much it holds, and it is told too late when it is gone.
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, (child.pid === undefined ? null : peakMemoryOf(child.pid)) ?? 0);
    }, MEMORY_INTERVAL_MS);

    const tell = jobWords(mask, onEvent);
    for (const stream of [child.stdout, child.stderr]) {
      readLines(stream!, mask, (line) => {
        if (!NATIVE_FRAME.test(line) && lastLines.push(line) > KEPT_LINES) lastLines.shift();
        tell({ type: 'log', level: 'info', message: line, details: {} });
      });
    }
    child.on('message', (message: ChildMessage) => {
      if (message.type === 'event') tell(message.event);
      else if (message.type === 'memory') peakBytes = Math.max(peakBytes, message.peakBytes);
      else if (message.type === 'alone') quiet(message.wanted);
      else outcome = message;
    });
    // 'close' comes after the exit and the last line of output; 'error' alone if the process could not be started.
    child.on('error', (cause) => {
      if (child.pid === undefined) finish(() => reject(cannotStart(job, cause)));
    });
    child.on('close', (exitCode, exitSignal) => {
      finish(() => {
        if (outcome?.type === 'result') {
          const { result } = outcome;
          return resolve({ ...result, metrics: mask.json({ ...result.metrics }) });
        }
        if (ending === 'timeout') return reject(timedOut(job, timeoutMs!));
        if (ending === 'cancelled') return reject(new RunCancelled());
        if (outcome?.type === 'error' && outcome.error.kind !== 'cancelled') {
          return reject(maskError(unpackError(outcome.error), mask));
        }
        reject(died(job, { exitCode, exitSignal, peakBytes, lastLines }));
      });
    });
    const finish = (settle: () => void) => {
      limit.end();
      clearInterval(watch);
      gone.abort(new RunCancelled());
      clearTimeout(force);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    // A child that is gone before it got the job is told by 'close'.
    child.send({ type: 'job', job } satisfies ParentMessage, () => {});
  });
}

/** Answers a child that asks to be alone; its time limit stands still while it waits for that. */
function quietFor(
  child: ChildProcess,
  { alone, limit, gone }: Pick<ExecuteOptions, 'alone'> & { readonly limit: TimeLimit; readonly gone: AbortSignal },
): (wanted: boolean) => void {
  let end: (() => void) | undefined;
  const endOnce = () => {
    end?.();
    end = undefined;
  };
  gone.addEventListener('abort', endOnce, { once: true });
  return async (wanted) => {
    if (!wanted) return endOnce();
    limit.pause();
    try {
      end = await alone(gone);
      child.send({ type: 'alone' } satisfies ParentMessage, () => {});
    } catch {
      // The child is gone, or asked to stop: nobody waits any more.
    } finally {
      limit.resume();
    }
  };
}

const MEMORY_INTERVAL_MS = 200;
const KEPT_LINES = 10;
/** What Node prints under the reason why it gave up: addresses, which would push the reason out. */
const NATIVE_FRAME = /^\s*\d+: 0x[0-9a-f]+/;

function cannotStart(job: Job, cause: Error): UserError {
  return new UserError(
    'RUN_CHILD_START',
    `The process for stage ${job.cell} could not be started: ${cause.message}.`,
    'The system may be out of memory or processes: try --jobs 1.',
    { cause, class: 'infrastructure' },
  );
}

function timedOut(job: Job, timeoutMs: number): UserError {
  return new UserError(
    'RUN_TIMEOUT',
    `Stage ${job.cell} took longer than its timeout of ${timeoutMs / 1000} s and was stopped.`,
    'Raise its timeout, or give it less to do.',
    { class: 'stage' },
  );
}

interface Death {
  readonly exitCode: number | null;
  readonly exitSignal: NodeJS.Signals | null;
  readonly peakBytes: number;
  readonly lastLines: readonly string[];
}

function died(job: Job, { exitCode, exitSignal, peakBytes, lastLines }: Death): UserError {
  const how = exitSignal === null ? `exited with code ${exitCode}` : `was killed by ${exitSignal}`;
  const peak = peakBytes === 0 ? '' : ` Its memory peak was ${Math.round(peakBytes / 2 ** 20)} MiB.`;
  const said = lastLines.length === 0 ? '' : ` Its last words:\n${lastLines.map((line) => `    ${line}`).join('\n')}`;
  const isHeapFull = lastLines.some((line) => line.includes('JavaScript heap out of memory'));
  const fix = isHeapFull
    ? 'Node lets JavaScript hold no more: raise it with NODE_OPTIONS=--max-old-space-size=MIB, or give the stage less to hold.'
    : exitSignal === 'SIGKILL'
      ? 'If nobody killed it, the system ran out of memory: try --jobs 1 or a smaller batch.'
      : 'Run it again; if it dies again, report it with the log of the run.';
  const code = exitSignal === null ? 'RUN_CHILD_DIED' : 'RUN_CHILD_KILLED';
  // Whoever exits by itself does so because of what it was told to do; a signal comes from the machine.
  const errorClass = exitSignal === null ? 'stage' : 'infrastructure';
  return new UserError(code, `The process of stage ${job.cell} ${how}.${peak}${said}`, fix, { class: errorClass });
}
