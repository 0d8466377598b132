import type { ChildProcess } from 'node:child_process';
import type { Mask } from '../core/mask.js';
import { maskError } from '../core/mask-error.js';
import { type ExecuteOptions, RunCancelled } from './executor.js';
import type { Job, JobResult } from './job.js';
import { cannotStart, died, timedOut } from './job-faults.js';
import { jobWords } from './job-words.js';
import { type ChildMessage, type ParentMessage, unpackError } from './messages.js';
import { peakMemoryOf } from './peak-memory.js';
import { readLines } from './read-lines.js';
import { TimeLimit } from './time-limit.js';

export interface SuperviseOptions extends ExecuteOptions {
  /** Between the request to stop and the end by force. */
  readonly graceMs: number;
  readonly mask: Mask;
  /** Whether the process may take another job after this one, for as long as it has never held more than so many bytes. */
  readonly stays: { readonly memoryMax: number } | null;
  /** The process will not stay after all: it has held more. */
  readonly onOutgrown: () => void;
}

export interface SupervisedResult {
  readonly result: JobResult;
  /** The process waits for another job. Otherwise it is gone. */
  readonly stays: boolean;
}

/** Gives a process a job and talks to it until it has answered or is gone. Throws what `Executor` says, with the process gone. */
export function superviseJob(
  child: ChildProcess,
  job: Job,
  { signal, timeoutMs, onEvent, alone, graceMs, mask, stays, onOutgrown }: SuperviseOptions,
): Promise<SupervisedResult> {
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

    const mayStay = () => stays !== null && peakBytes <= stays.memoryMax;
    const seePeak = (bytes: number) => {
      const couldStay = mayStay();
      peakBytes = Math.max(peakBytes, bytes);
      if (couldStay && !mayStay()) onOutgrown();
    };
    const look = () => seePeak((child.pid === undefined ? null : peakMemoryOf(child.pid)) ?? 0);
    // A child that blocks its thread does not tell how much it holds, and it is told too late when it is gone.
    const watch = setInterval(look, MEMORY_INTERVAL_MS);

    const tell = jobWords(mask, onEvent);
    const ends = [child.stdout!, child.stderr!].map((stream) =>
      readLines(stream, mask, (line) => {
        if (!NATIVE_FRAME.test(line) && lastLines.push(line) > KEPT_LINES) lastLines.shift();
        tell({ type: 'log', level: 'info', message: line, details: {} });
      }),
    );
    const settle = (end: () => void) => {
      limit.end();
      clearInterval(watch);
      gone.abort(new RunCancelled());
      clearTimeout(force);
      signal.removeEventListener('abort', onAbort);
      child.off('message', onMessage);
      child.off('error', onError);
      child.off('close', onClose);
      for (const endLines of ends) endLines();
      end();
    };
    const accept = (result: JobResult, stays: boolean) =>
      resolve({ result: { ...result, metrics: mask.json({ ...result.metrics }) }, stays });

    const onMessage = (message: ChildMessage) => {
      if (message.type === 'event') return tell(message.event);
      if (message.type === 'memory') return seePeak(message.peakBytes);
      if (message.type === 'alone') return quiet(message.wanted);
      outcome = message;
      if (message.type !== 'result' || stays === null) return;
      // What it wrote before it answered has come by then.
      setImmediate(() => {
        look();
        // Of one that must not stay, 'close' tells.
        if (ending !== undefined || !mayStay()) child.kill('SIGKILL');
        else if (child.exitCode === null && child.signalCode === null) settle(() => accept(message.result, true));
      });
    };
    // 'close' comes after the exit and the last line of output; 'error' alone if the process could not be started.
    const onError = (cause: Error) => {
      if (child.pid === undefined) settle(() => reject(cannotStart(job, cause)));
    };
    const onClose = (exitCode: number | null, exitSignal: NodeJS.Signals | null) => {
      settle(() => {
        if (outcome?.type === 'result') return accept(outcome.result, false);
        if (ending === 'timeout') return reject(timedOut(job, timeoutMs!));
        if (ending === 'cancelled') return reject(new RunCancelled());
        if (outcome?.type === 'error' && outcome.error.kind !== 'cancelled') {
          return reject(maskError(unpackError(outcome.error), mask));
        }
        reject(died(job, { exitCode, exitSignal, peakBytes, lastLines }));
      });
    };
    child.on('message', onMessage);
    child.on('error', onError);
    child.on('close', onClose);
    // A child that is gone before it got the job is told by 'close'.
    child.send({ type: 'job', job, stays: stays !== null } satisfies ParentMessage, () => {});
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
