import { type ErrorClass, isUserError, type Place, UserError, UserErrors } from '../core/errors.js';
import type { Provider } from '../runtime/provider.js';
import type { Job, JobEvent, JobResult, PluginFile } from './job.js';

/** Parent to child: jobs, one after the other, before the first at most one hint of what that will need. */
export type ParentMessage =
  | { readonly type: 'prepare'; readonly plugins: readonly PluginFile[] }
  /** `stays`: whether the process is to wait for another job when it has told the result of this one. */
  | { readonly type: 'job'; readonly job: Job; readonly stays: boolean }
  /** Nothing else runs, as the job has asked for. */
  | { readonly type: 'alone' }
  /** Instead of a job: whether it could compute. */
  | { readonly type: 'provider'; readonly provider: Provider };

/** Child to parent. */
export type ChildMessage =
  | { readonly type: 'event'; readonly event: JobEvent }
  /** Highest resident set so far, told now and then for the case that the process dies. */
  | { readonly type: 'memory'; readonly peakBytes: number }
  /** The job wants to be alone, or has been long enough. */
  | { readonly type: 'alone'; readonly wanted: boolean }
  | { readonly type: 'result'; readonly result: JobResult }
  /** It could. */
  | { readonly type: 'provider' }
  | { readonly type: 'error'; readonly error: SentError };

/** An error on its way between processes. */
export type SentError =
  | {
      readonly kind: 'user';
      readonly code: string;
      readonly problem: string;
      readonly fix: string;
      readonly place: Place | null;
      readonly class: ErrorClass | null;
      readonly stack: string;
    }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'bug'; readonly message: string; readonly stack: string };

export function packError(error: unknown): SentError {
  if (error instanceof UserErrors && error.errors[0] !== undefined) return packError(error.errors[0]);
  const stack = error instanceof Error ? withCauses(error) : String(error);
  if (isUserError(error)) {
    const { code, problem, fix } = error;
    return { kind: 'user', code, problem, fix, place: error.place ?? null, class: error.class ?? null, stack };
  }
  return { kind: 'bug', message: error instanceof Error ? error.message : String(error), stack };
}

export function unpackError(sent: Exclude<SentError, { kind: 'cancelled' }>): Error {
  const error =
    sent.kind === 'user'
      ? new UserError(sent.code, sent.problem, sent.fix, {
          ...(sent.place === null ? {} : { place: sent.place }),
          ...(sent.class === null ? {} : { class: sent.class }),
        })
      : new Error(sent.message);
  error.stack = sent.stack;
  return error;
}

/** The stack of an error and of what caused it. */
export function withCauses(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\nCaused by: ${withCauses(error.cause)}` : own;
}
