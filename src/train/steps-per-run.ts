export interface StepFacts {
  /** Multiplications of one forward pass over a step's batch. */
  readonly macs: number;
  /** Of the samples and labels that a step receives. */
  readonly bytes: number;
  /** True if the caller looks at the weights after every step. */
  readonly isWatched: boolean;
}

/**
 * Steps that are handed to onnxruntime together. Every run copies all weights and all optimizer state out, which costs a small
 * network a third of a step; a large one gains nothing and would only hold on to more batches. The bits of the result do not
 * depend on the number.
 */
export function stepsPerRun({ macs, bytes, isWatched }: StepFacts): number {
  if (isWatched) return 1;
  const fitting = Math.min(MOST, Math.floor(MACS / Math.max(1, macs)), Math.floor(BYTES / Math.max(1, bytes)));
  return Math.max(1, fitting);
}

/** More gain no more. */
const MOST = 64;
/** Some 60 ms of computing on one core: what else the process has to do waits so long. */
const MACS = 1200e6;
/** Of one set of batches, of which there are two. */
const BYTES = 16 << 20;
