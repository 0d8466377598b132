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

/** Steps to make one after another. */
export interface StepsCall {
  /** Which of the engine's sets of batches to learn from: its first batch in the first step, and so on. */
  readonly slot: 0 | 1;
  /** Number of the first step, 0 for the first of all: dropout masks derive from it. */
  readonly step: number;
  /** The optimizer's hyperparameters of each step: 1 to `stepsPerRun` of them. */
  readonly hyper: readonly Float32Array[];
}

/**
 * Runs training steps. Callers wait for one call to end before they make the next, except that one call of `steps` may be made
 * while the one before it is under way, so that no time passes between the two.
 */
export interface TrainingEngine {
  /** Steps that one call can make. */
  readonly stepsPerRun: number;
  /** Two sets of buffers for the batches of so many steps, so that one can be filled while steps read the other. */
  readonly batches: readonly [Batch, Batch];
  /**
   * One update of the weights for each of the steps. A step whose loss is not finite is the last: its result ends the list, and
   * one started after it gives NaN and changes nothing.
   */
  steps(call: StepsCall): Promise<readonly StepResult[]>;
  /** The present state: views, valid until the next call. */
  read(): Promise<TrainingState>;
  /** The state that the step whose loss was not finite started from, after there was one: views, valid until the next call. */
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

/** What `steps` gives after a step whose loss is not finite. */
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
