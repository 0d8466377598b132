import { UserError } from '../core/errors.js';
import type { Job } from './job.js';

/**
 * Says that a job did not get memory that it asked for, if that is what an error, or what caused it, comes from; otherwise null.
 * The system refused it, not the stage: with more memory, or beside fewer processes, the same job succeeds.
 */
export function outOfMemory(error: unknown, { cell, uses }: Job): UserError | null {
  const refusal = refusalIn(error);
  if (refusal === null) return null;
  return new UserError(
    'RUN_OUT_OF_MEMORY',
    `Stage ${cell} (${uses}) did not get the memory that it asked for: ${refusal}.`,
    'Try --jobs 1, a smaller batch, or a machine with more memory.',
    { cause: error, class: 'infrastructure' },
  );
}

function refusalIn(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const found = REFUSALS.map((pattern) => pattern.exec(error.message)?.[0]).find((text) => text !== undefined);
  if (found !== undefined) return found.replace(/^./, (letter) => letter.toLowerCase());
  return refusalIn(error.cause);
}

/** By their texts: an error that comes from a thread has lost its type, and none of these has a code. */
const REFUSALS = [
  // V8. A length that no memory would be enough for is told otherwise ("Invalid typed array length").
  /^Array buffer allocation failed$/,
  /^WebAssembly\.Memory\(\): could not allocate memory$/,
  // onnxruntime
  /Failed to allocate memory for requested buffer of size \d+/,
  /std::bad_alloc|bad allocation/,
  // Node's system calls
  /^ENOMEM: not enough memory(?=,)/,
];
