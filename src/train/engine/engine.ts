import type { Batch } from '../batches.js';

/** Weights and optimizer state, each a flat vector. */
export interface TrainingState {
  readonly parameters: Float32Array;
  /** In the order of the optimizer's slot names. */
  readonly slots: readonly Float32Array[];
}

/** What one step found, before its update, over the whole batch. */
export interface StepResult {
  /** Mean loss of the batch. */
  readonly loss: number;
  /** Samples whose largest output is their class; 0 where there are no classes. */
  readonly correct: number;
  /** For each micro-batch one vector a shard: the batch statistics of all normalization layers, in the order of the program's layout. */
  readonly statistics: readonly (readonly Float32Array[])[];
}

export interface StepCall {
  /** Which of the engine's batches to learn from. */
  readonly slot: 0 | 1;
  /** Number of the step, 0 for the first: dropout masks derive from it. */
  readonly step: number;
  /** The optimizer's hyperparameters for this step. */
  readonly hyper: Float32Array;
}

/**
 * Runs training steps. Callers wait for one call to end before they make the next, except that one step may be started
 * while the one before it is under way, so that no time passes between the two.
 */
export interface TrainingEngine {
  /** Two sets of buffers, so that one can be filled while a step reads the other. */
  readonly batches: readonly [Batch, Batch];
  /** One update of the weights. A step whose loss is not finite is the last: one started after it gives NaN and changes nothing. */
  step(call: StepCall): Promise<StepResult>;
  /** The present state: views, valid until the next call. */
  read(): Promise<TrainingState>;
  /** The state that the last step started from: views, valid until the next call. */
  readPrevious(): Promise<TrainingState>;
  /** Goes on from another state: copied. The mask stays as it is. */
  write(state: TrainingState): Promise<void>;
  /** Replaces the mask (1 = kept) and sets what it drops to 0, in the weights and in the optimizer's state. */
  setKeep(keep: Uint8Array): Promise<void>;
  release(): Promise<void>;
}

/** Sets the elements whose mask is 0 to +0. */
export function zeroDropped(vector: Float32Array, keep: Uint8Array): void {
  for (let i = 0; i < vector.length; i++) if (keep[i] === 0) vector[i] = 0;
}

/** What `step` gives after a step whose loss is not finite. */
export const NO_STEP: StepResult = { loss: Number.NaN, correct: 0, statistics: [] };

/**
 * Reads the `report` outputs: loss and correct count, then statistics.
 * @param reports of all shards of the first micro-batch, then of the second …
 */
export function combineReports(reports: readonly Float32Array[], shards: number): StepResult {
  let loss = 0;
  let correct = 0;
  for (const report of reports) {
    loss += report[0]!;
    correct += report[1]!;
  }
  const statistics: Float32Array[][] = [];
  for (let start = 0; start < reports.length; start += shards) {
    statistics.push(reports.slice(start, start + shards).map((report) => report.slice(2)));
  }
  return { loss, correct, statistics };
}
