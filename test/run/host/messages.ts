import type { Job, JobEvent, JobResult } from '../../../src/run/job.js';
import type { SentError } from '../../../src/run/messages.js';
import type { Provider } from '../../../src/runtime/provider.js';
import type { ShippedFile } from './shipping.js';

/** To the host, one JSON text a line; `id` tells the conversations apart. */
export type ToHost = { readonly id: number } & (Request | { readonly type: 'stop' } | { readonly type: 'alone' });

export type Request =
  | {
      readonly type: 'job';
      readonly job: Job;
      /** What lies at the paths of the job's models. */
      readonly models: Readonly<Record<string, readonly ShippedFile[]>>;
      readonly timeoutMs: number | null;
    }
  | { readonly type: 'provider'; readonly provider: Provider };

/** From the host. */
export type FromHost = { readonly id: number } & (
  | { readonly type: 'event'; readonly event: JobEvent }
  | { readonly type: 'alone'; readonly wanted: boolean }
  | { readonly type: 'result'; readonly result: ShippedResult }
  | { readonly type: 'provider' }
  | { readonly type: 'error'; readonly error: SentError }
);

export interface ShippedResult extends Omit<JobResult, 'outputs'> {
  readonly outputs: Readonly<Record<string, readonly ShippedFile[]>>;
}
