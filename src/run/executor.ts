import type { Provider } from '../runtime/provider.js';
import type { Job, JobEvent, JobResult } from './job.js';

/**
 * Executes jobs somewhere. A job may be executed twice and has no effect outside its staging folder, so an executor may
 * repeat or move it; it stores nothing and judges nothing: which keys have a result, who computes one and what is tried again
 * is decided before a job reaches it. What every implementation keeps to is in test/run/executor-contract.ts.
 */
export interface Executor {
  /**
   * The files that the job made, in its staging folder, and its metrics. Settles when nothing of the job runs any more and all of
   * its events have been told.
   * Throws the stage's UserError, RUN_CHILD_DIED if its process ended by itself, RUN_CHILD_KILLED if by a signal, RUN_TIMEOUT, RUN_STAGE_THREW for any other error
   * of a plugin, RunCancelled after `signal`, and a plain Error for a bug of ours.
   */
  execute(job: Job, options: ExecuteOptions): Promise<JobResult>;
  /** Makes sure that jobs can compute with a provider. Throws RUNTIME_PROVIDER. */
  requireProvider(provider: Provider): Promise<void>;
  /** Tells that so many jobs are about to come at the same time, if nothing stops the run: an executor may start what they run in. */
  prepare?(jobs: number): void;
  /** Tells how many jobs may be yet to end, at most: an executor may prepare for them. 0: none will come. */
  expect?(jobs: number): void;
  /** Ends whatever still runs, at once, and settles when no process of the executor is left. Nothing may be executed afterwards. */
  close(): Promise<void>;
}

export interface ExecuteOptions {
  /** Aborted: ask the job to stop, and end it if it does not. */
  readonly signal: AbortSignal;
  readonly timeoutMs: number | null;
  readonly onEvent: (event: JobEvent) => void;
  /**
   * Lets the job have the machine for itself, so that it can measure time, until the returned function is called. Its time
   * limit stands still while it waits for that.
   * @param signal aborted: it does not wait any more
   */
  readonly alone: (signal: AbortSignal) => Promise<() => void>;
}

/** The job stopped because it was asked to. */
export class RunCancelled extends Error {
  constructor() {
    super('The stage was cancelled.');
    this.name = 'RunCancelled';
  }
}
