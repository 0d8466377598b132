import { UserError } from '../core/errors.js';
import type { Job } from './job.js';

/** The process of a job could not be started. */
export function cannotStart(job: Job, cause: Error): UserError {
  return new UserError(
    'RUN_CHILD_START',
    `The process for stage ${job.cell} could not be started: ${cause.message}.`,
    'The system may be out of memory or processes: try --jobs 1.',
    { cause, class: 'infrastructure' },
  );
}

/** A job took longer than it may. */
export function timedOut(job: Job, timeoutMs: number): UserError {
  return new UserError(
    'RUN_TIMEOUT',
    `Stage ${job.cell} took longer than its timeout of ${timeoutMs / 1000} s and was stopped.`,
    'Raise its timeout, or give it less to do.',
    { class: 'stage' },
  );
}

export interface Death {
  readonly exitCode: number | null;
  readonly exitSignal: NodeJS.Signals | null;
  readonly peakBytes: number;
  readonly lastLines: readonly string[];
}

/** The process of a job ended without an answer. */
export function died(job: Job, { exitCode, exitSignal, peakBytes, lastLines }: Death): UserError {
  const how = exitSignal === null ? `exited with code ${exitCode}` : `was killed by ${exitSignal}`;
  const peak = peakBytes === 0 ? '' : ` Its memory peak was ${Math.round(peakBytes / 2 ** 20)} MiB.`;
  const said = lastLines.length === 0 ? '' : ` Its last words:\n${lastLines.map((line) => `    ${line}`).join('\n')}`;
  const isHeapFull = lastLines.some((line) => line.includes('JavaScript heap out of memory'));
  const fix = isHeapFull
    ? 'Node lets JavaScript hold no more: raise it with NODE_OPTIONS=--max-old-space-size=MIB, or give the stage less to hold.'
    : exitSignal === 'SIGKILL'
      ? 'If nobody killed it, the system ran out of memory: try --jobs 1 or a smaller batch.'
      : job.plugin !== null && exitSignal === null
        ? 'The plugin may call process.exit(), or have let a promise fail that nothing waits for: have run() throw an Error instead.'
        : 'Run it again; if it dies again, report it with the log of the run.';
  const code = exitSignal === null ? 'RUN_CHILD_DIED' : 'RUN_CHILD_KILLED';
  // Whoever exits by itself does so because of what it was told to do; a signal comes from the machine.
  const errorClass = exitSignal === null ? 'stage' : 'infrastructure';
  return new UserError(code, `The process of stage ${job.cell} ${how}.${peak}${said}`, fix, { class: errorClass });
}
