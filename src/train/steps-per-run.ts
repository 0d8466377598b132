export interface StepFacts {
  /** Multiplications of one forward pass over a step's batch. */
  readonly macs: number;
  /** Of weights and optimizer state. */
  readonly stateBytes: number;
  /** Of the samples and labels that a step receives. */
  readonly bytes: number;
  /** True if the caller looks at the weights after every step. */
  readonly isWatched: boolean;
}

/**
 * Steps that are handed to onnxruntime together: so many that what a run costs besides them hardly matters. Every run copies all
 * weights and all optimizer state out, which takes a third of a step of a dense network and nothing worth mentioning of one with
 * convolutions. The bits of the result do not depend on the number.
 */
export function stepsPerRun({ macs, stateBytes, bytes, isWatched }: StepFacts): number {
  if (isWatched) return 1;
  const wanted = Math.ceil((RUN_MACS + MACS_PER_BYTE * stateBytes) / (SHARE * Math.max(1, macs)));
  const fitting = Math.min(MOST, Math.floor(MACS / Math.max(1, macs)), Math.floor(BYTES / Math.max(1, bytes)));
  return Math.max(1, Math.min(wanted, fitting));
}

/** What a run may cost, as a share of its steps. */
const SHARE = 0.02;
/** A run's cost by itself, a millisecond, in multiplications of forward passes: a step computes 16 a nanosecond on one core. */
const RUN_MACS = 20e6;
/** The same for a byte of state, which is written, copied and freed. */
const MACS_PER_BYTE = 5;
/** More gain no more. */
const MOST = 64;
/** Some 400 ms of computing on one core: what else the process has to do waits so long. */
const MACS = 6e9;
/** Of one set of batches, of which there are two. */
const BYTES = 16 << 20;
