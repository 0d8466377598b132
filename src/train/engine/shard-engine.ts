import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { packageRoot } from '../../core/package-root.js';
import type { Batch } from '../batches.js';
import { combineReports, type StepResult, type TrainingEngine, type TrainingState } from './engine.js';
import { type ErrorMessage, unpackError } from './error-message.js';
import type { TrainingProgram } from './program.js';
import { allocateShardMemory, COMMAND, CONTROL, type ShardMemory } from './shard-memory.js';
import type { ShardWorkerData } from './shard-worker.js';

/**
 * Trains several shards with worker threads, each with sessions of one thread. Every worker computes the gradients of
 * its shards, reads those of the others, and makes the same update, so the bits depend on the number of shards and
 * not on the number of workers. Workers are stopped by a command and never terminated: that would abort the process
 * if it hit onnxruntime in the middle of a run.
 * @param batches in shared memory
 */
export async function createShardEngine(
  program: TrainingProgram,
  parameters: Float32Array,
  batches: readonly [Batch, Batch],
  workers: number,
): Promise<TrainingEngine> {
  const memory = allocateShardMemory(program, { x: batches.map(({ x }) => x), y: batches.map(({ y }) => y) });
  return new ShardEngine(program, parameters, batches, memory, Math.min(workers, program.shards));
}

class ShardEngine implements TrainingEngine {
  private readonly threads: Worker[];
  private readonly exits: Promise<void>[];
  /** Rejects once a worker has failed. */
  private readonly failure: Promise<never>;

  constructor(
    program: TrainingProgram,
    parameters: Float32Array,
    readonly batches: readonly [Batch, Batch],
    private readonly memory: ShardMemory,
    workers: number,
  ) {
    this.threads = Array.from({ length: workers }, (_, index) => {
      const shards = Array.from({ length: program.shards }, (_, shard) => shard).filter((s) => s % workers === index);
      const workerData: ShardWorkerData = { program, memory, parameters, workers, shards, isReader: index === 0 };
      return new Worker(workerPath(), { workerData });
    });
    this.failure = new Promise((_, reject) => {
      for (const thread of this.threads) {
        thread.on('message', (message: ErrorMessage) => reject(unpackError(message)));
        thread.on('error', reject);
      }
    });
    // Whoever waits for a command sees the failure; outside a command nobody does, and that is no unhandled rejection.
    this.failure.catch(() => {});
    this.exits = this.threads.map((thread) => new Promise((resolve) => thread.once('exit', () => resolve())));
  }

  async step(call: { readonly slot: 0 | 1; readonly step: number; readonly hyper: Float32Array }): Promise<StepResult> {
    const { control, hyper, reports } = this.memory;
    hyper.set(call.hyper);
    Atomics.store(control, CONTROL.slot, call.slot);
    Atomics.store(control, CONTROL.step, call.step);
    await this.command(COMMAND.step);
    return combineReports(reports);
  }

  async read(): Promise<TrainingState> {
    await this.command(COMMAND.read);
    return this.state();
  }

  async readPrevious(): Promise<TrainingState> {
    await this.command(COMMAND.readPrevious);
    return this.state();
  }

  async write({ parameters, slots }: TrainingState): Promise<void> {
    for (const [i, vector] of [parameters, ...slots].entries()) this.memory.state[i]!.set(vector);
    await this.command(COMMAND.write);
  }

  async setKeep(keep: Uint8Array): Promise<void> {
    this.memory.keep.set(keep);
    await this.command(COMMAND.keep);
  }

  async release(): Promise<void> {
    this.send(COMMAND.stop);
    await Promise.all(this.exits);
  }

  private state(): TrainingState {
    // Copies out of shared memory, which onnxruntime refuses.
    const [parameters, ...slots] = this.memory.state.map((vector) => vector.slice());
    return { parameters: parameters!, slots };
  }

  private send(what: number): void {
    const { control } = this.memory;
    Atomics.store(control, CONTROL.done, 0);
    Atomics.store(control, CONTROL.what, what);
    Atomics.add(control, CONTROL.command, 1);
    Atomics.notify(control, CONTROL.command);
  }

  private async command(what: number): Promise<void> {
    this.send(what);
    await Promise.race([this.allDone(), this.failure]);
  }

  private async allDone(): Promise<void> {
    const { control } = this.memory;
    for (;;) {
      const done = Atomics.load(control, CONTROL.done);
      if (done === this.threads.length) return;
      await waitAsync(control, CONTROL.done, done).value;
    }
  }
}

/** The compiled worker, wherever this file runs from: its source, its compiled form, or the joined modules of the command. */
function workerPath(): string {
  return join(packageRoot(), 'dist', 'src', 'train', 'engine', 'shard-worker.js');
}

interface AtomicsWithWaitAsync {
  waitAsync(array: Int32Array, index: number, value: number): { readonly value: Promise<string> | string };
}

// Node has had it since 16; TypeScript declares it from ES2024 on.
const { waitAsync } = Atomics as unknown as AtomicsWithWaitAsync;
