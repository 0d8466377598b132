import type { TrainingProgram } from './program.js';

/**
 * Words of the control block, an Int32Array that main thread and workers share. Commands are numbered from 0; command n
 * uses entry n % ENTRIES of everything that there is once per entry, so that the next one can be prepared meanwhile.
 */
export const CONTROL = {
  /** Commands given: a worker waits until it changes. */
  given: 0,
  /** Commands that all workers have finished. */
  finished: 1,
  /** Workers at the barrier, and how often it has opened. */
  arrived: 2,
  opened: 3,
  /** 1 once a worker has failed: nobody waits for it any longer. */
  failed: 4,
  /** From here on per entry: */
  entries: 5,
} as const;

/** Commands under way at most. */
export const ENTRIES = 2;

/** Words of an entry. */
const ENTRY = {
  /** What to do: a value of COMMAND. */
  what: 0,
  /** Batch slot and number of the step. */
  slot: 1,
  step: 2,
  /** Workers that have finished the command. */
  done: 3,
  size: 4,
} as const;

/** The place of an entry's word in the control block. @param command its number */
export function entryWord(command: number, word: Exclude<keyof typeof ENTRY, 'size'>): number {
  return CONTROL.entries + (command % ENTRIES) * ENTRY.size + ENTRY[word];
}

export const COMMAND = { step: 1, read: 2, readPrevious: 3, keep: 4, stop: 5, write: 6 } as const;

/** Everything that main thread and workers share. onnxruntime refuses shared memory, so each worker copies to and from it. */
export interface ShardMemory {
  readonly control: Int32Array;
  /** One per entry. */
  readonly hyper: readonly Float32Array[];
  readonly keep: Uint8Array;
  /** One a shard. */
  readonly gradients: readonly Float32Array[];
  /** What an update makes of the weights, each slice written by the worker that computes it. */
  readonly parameters: Float32Array;
  /** Per entry, one a shard of each micro-batch, micro-batch by micro-batch. */
  readonly reports: readonly (readonly Float32Array[])[];
  /** Filled by the `read` commands, and read by `write`: weights, then optimizer state. */
  readonly state: readonly Float32Array[];
  /** Two sets of whole batches. */
  readonly x: readonly Float32Array[];
  readonly y: readonly (Float32Array | Int32Array)[];
}

export function allocateShardMemory(program: TrainingProgram, batches: Pick<ShardMemory, 'x' | 'y'>): ShardMemory {
  const floats = (count: number): Float32Array => new Float32Array(new SharedArrayBuffer(4 * count));
  const perEntry = <T>(make: () => T): T[] => Array.from({ length: ENTRIES }, make);
  const several = (length: number, count: number): Float32Array[] => Array.from({ length }, () => floats(count));
  return {
    control: new Int32Array(new SharedArrayBuffer(4 * (CONTROL.entries + ENTRIES * ENTRY.size))),
    hyper: perEntry(() => floats(program.hyperSize)),
    keep: new Uint8Array(new SharedArrayBuffer(program.isMasked ? program.size : 0)),
    gradients: several(program.shards, program.size),
    parameters: floats(program.size),
    reports: perEntry(() => several(program.microBatches * program.shards, program.reportSize)),
    state: [0, ...program.slotNames].map(() => floats(program.size)),
    ...batches,
  };
}

/** Blocks this thread until a control word is no longer `value`. Spins shortly first: waking a thread takes longer than most waits. */
export function waitWhile(control: Int32Array, word: number, value: number): void {
  for (let i = 0; i < SPINS; i++) if (Atomics.load(control, word) !== value) return;
  while (Atomics.load(control, word) === value) Atomics.wait(control, word, value);
}

const SPINS = 2000;

/** Blocks until `workers` threads have come here. @returns false if one of them failed */
export function passBarrier(control: Int32Array, workers: number): boolean {
  const opened = Atomics.load(control, CONTROL.opened);
  // Looked at after `opened`: whoever fails later than this opens the barrier for us.
  if (Atomics.load(control, CONTROL.failed) === 1) return false;
  if (Atomics.add(control, CONTROL.arrived, 1) === workers - 1) {
    Atomics.store(control, CONTROL.arrived, 0);
    openBarrier(control);
  } else {
    waitWhile(control, CONTROL.opened, opened);
  }
  return Atomics.load(control, CONTROL.failed) === 0;
}

/** Lets everybody through the barrier. */
export function openBarrier(control: Int32Array): void {
  Atomics.add(control, CONTROL.opened, 1);
  Atomics.notify(control, CONTROL.opened);
}
