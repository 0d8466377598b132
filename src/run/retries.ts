import { isUserError, type UserError } from '../core/errors.js';

/**
 * Repeats what failed through no fault of its own: its process was killed or could not be started, or the disk was full.
 * A stage's own error, a plugin's bug or a timeout would come again, and ends it at once.
 * @param attempts how often it may be tried, the first time included
 * @param onRetry told before each further attempt
 */
export async function withRetries<T>(
  attempts: number,
  attempt: () => Promise<T>,
  onRetry: (error: UserError, next: number) => void,
): Promise<T> {
  for (let next = 2; ; next++) {
    try {
      return await attempt();
    } catch (error) {
      if (next > attempts || !isUserError(error) || !isPassing(error)) throw error;
      onRetry(error, next);
    }
  }
}

/** Whether an error tells of the machine's state at the moment, not of the recipe. */
function isPassing({ code }: UserError): boolean {
  return PASSING.has(code);
}

const PASSING: ReadonlySet<string> = new Set(['RUN_CHILD_KILLED', 'RUN_CHILD_START', 'STORAGE_FULL']);
