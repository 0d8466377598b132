import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { packageRoot } from '../../core/package-root.js';
import type { Batch } from '../batches.js';
import { combineReports, type StepResult, type StepsCall, type TrainingEngine, type TrainingState } from './engine.js';
import { type ErrorMessage, unpackError } from './error-message.js';
import type { TrainingProgram } from './program.js';
import { allocateShardMemory, COMMAND, CONTROL, ENTRIES, entryWord, type ShardMemory } from './shard-memory.js';
import type { ShardWorkerData } from './shard-worker.js';

/**
 * Trains several shards with worker threads, each with sessions of one thread. Every worker computes the gradients of
 * its shards and updates a slice of the weights with the gradients of all, added in the order of the shards; so the bits
 * depend on the number of shards and not on the number of workers. Workers are stopped by a command and never terminated: that would abort the process
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
  /** Workers go from one step to the next without the main thread. */
  readonly stepsPerRun = 1;
  private readonly threads: Worker[];
  private readonly exits: Promise<void>[];
  /** Rejects once a worker has failed. */
  private readonly failure: Promise<never>;
  /** Commands given so far. */
  private given = 0;

  constructor(
    private readonly program: TrainingProgram,
    parameters: Float32Array,
    readonly batches: readonly [Batch, Batch],
    private readonly memory: ShardMemory,
    workers: number,
  ) {
    this.threads = Array.from({ length: workers }, (_, index) => {
      const shards = Array.from({ length: program.shards }, (_, shard) => shard).filter((s) => s % workers === index);
      const workerData: ShardWorkerData = { program, memory, parameters, workers, index, shards };
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

  async steps(call: StepsCall): Promise<readonly StepResult[]> {
    const entry = this.given % ENTRIES;
    this.memory.hyper[entry]!.set(call.hyper[0]!);
    await this.command(COMMAND.step, call);
    return [combineReports(this.memory.reports[entry]!, this.program.shards)];
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

  /** Gives a command. @returns its number */
  private send(what: number, { slot, step }: Pick<StepsCall, 'slot' | 'step'> = { slot: 0, step: 0 }): number {
    const { control } = this.memory;
    const command = this.given++;
    Atomics.store(control, entryWord(command, 'what'), what);
    Atomics.store(control, entryWord(command, 'slot'), slot);
    Atomics.store(control, entryWord(command, 'step'), step);
    Atomics.store(control, CONTROL.given, this.given);
    Atomics.notify(control, CONTROL.given);
    return command;
  }

  private async command(what: number, call?: StepsCall): Promise<void> {
    await Promise.race([this.finished(this.send(what, call)), this.failure]);
  }

  private async finished(command: number): Promise<void> {
    const { control } = this.memory;
    for (;;) {
      const finished = Atomics.load(control, CONTROL.finished);
      if (finished > command) return;
      await waitAsync(control, CONTROL.finished, finished).value;
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
