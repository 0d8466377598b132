import { setTimeout as pause } from 'node:timers/promises';
import { RemoteError } from './remote-cache.js';

/** Two more tries. */
export const RETRY_PAUSES_MS: readonly number[] = [200, 800];

/** Repeats a piece of work that failed with a transient RemoteError, after a pause each time; the last failure is thrown. */
export async function retrying<T>(
  work: () => Promise<T>,
  signal: AbortSignal,
  pausesMs: readonly number[] = RETRY_PAUSES_MS,
): Promise<T> {
  for (const pauseMs of pausesMs) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RemoteError) || !error.isTransient || signal.aborted) throw error;
    }
    await pause(pauseMs, undefined, { signal }).catch(() => {
      throw signal.reason;
    });
  }
  return work();
}
