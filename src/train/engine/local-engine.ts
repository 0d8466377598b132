import { sizeOf } from '../../onnx/tensor.js';
import { type Feed, floatFeed, Session } from '../../runtime/session.js';
import type { Batch } from '../batches.js';
import { stepsUntilUpkeep } from '../upkeep.js';
import { DropoutMasks } from './dropout-masks.js';
import {
  combineReports,
  NO_STEP,
  type StepResult,
  type StepsCall,
  type TrainingEngine,
  type TrainingState,
} from './engine.js';
import { type FusedGraph, NAMES, type TrainingProgram } from './program.js';
import { StateBuffers } from './state-buffers.js';

/**
 * Trains one shard in this thread.
 * @param batches each with room for the samples of `stepsPerRun` steps
 * @param threads inside an operator
 */
export async function createLocalEngine(
  program: TrainingProgram,
  parameters: Float32Array,
  batches: readonly [Batch, Batch],
  threads: number,
): Promise<TrainingEngine> {
  const { graphs, provider } = program;
  if (graphs.kind !== 'fused') throw new Error('internal: a step in this thread needs the fused graph');
  const session = await Session.create(graphs.step, {
    ...{ name: 'the training graph', provider, threads },
    ...(threads > 1 ? { extra: SHORT_SPIN } : {}),
  });
  return new LocalEngine(program, graphs, session, new StateBuffers(program, parameters), batches);
}

/**
 * How long a second thread looks out for work before it sleeps: longer than the pauses inside a step. By default onnxruntime's
 * threads look out for milliseconds; where another program wants the core, they spend on it the time that they then lack for work.
 */
const SHORT_SPIN = { session: { intra_op: { spin_duration_us: '30' } } };

class LocalEngine implements TrainingEngine {
  readonly stepsPerRun: number;
  private readonly hyper: Float32Array;
  private readonly reports: Float32Array;
  private readonly dropout: DropoutMasks;
  /** The steps that were started last. */
  private last: Promise<readonly StepResult[]> | null = null;

  constructor(
    private readonly program: TrainingProgram,
    private readonly graph: FusedGraph,
    private readonly session: Session,
    private readonly state: StateBuffers,
    readonly batches: readonly [Batch, Batch],
  ) {
    this.stepsPerRun = graph.stepsPerRun;
    this.hyper = new Float32Array(this.stepsPerRun * program.hyperSize);
    this.reports = new Float32Array(this.stepsPerRun * program.reportSize);
    this.dropout = new DropoutMasks(program, this.stepsPerRun);
  }

  steps(call: StepsCall): Promise<readonly StepResult[]> {
    const { last } = this;
    this.last =
      last === null
        ? this.make(call)
        : last.then((results) => (Number.isFinite(results.at(-1)!.loss) ? this.make(call) : [NO_STEP]));
    return this.last;
  }

  private async make(call: StepsCall): Promise<StepResult[]> {
    const results: StepResult[] = [];
    while (results.length < call.hyper.length) {
      const done = results.length;
      const count = Math.min(call.hyper.length - done, stepsUntilUpkeep(call.step + done));
      results.push(...(await this.advance(call, done, count)));
      if (!Number.isFinite(results.at(-1)!.loss)) break;
      this.state.lookAfter(call.step + results.length - 1);
    }
    return results;
  }

  /**
   * Makes steps of a call, without a look at the state in between.
   * If a loss is not finite, the steps before it are made once more: what they lead to is the state to look for the mistake in.
   * @returns their results, up to the first whose loss is not finite
   */
  private async advance(call: StepsCall, first: number, count: number): Promise<StepResult[]> {
    const results = await this.run(call, first, count);
    const failed = results.findIndex(({ loss }) => !Number.isFinite(loss));
    if (failed > 0) await this.run(call, first, failed);
    else this.state.swap();
    return failed < 0 ? results : results.slice(0, failed + 1);
  }

  /** Computes the state after some steps from the current one, into the buffers that become current by a swap. */
  private async run(call: StepsCall, first: number, count: number): Promise<StepResult[]> {
    const { program, state, graph, hyper, reports } = this;
    const { hyperSize, reportSize } = program;
    for (let i = 0; i < count; i++) hyper.set(call.hyper[first + i]!, i * hyperSize);
    const isRepeated = this.stepsPerRun > 1;
    const lead = isRepeated ? [count] : [];
    const feeds: Record<string, Feed> = {
      [NAMES.hyper]: floatFeed(hyper.subarray(0, count * hyperSize), [...lead, hyperSize]),
      ...batchFeeds(program, stepsOf(this.batches[call.slot], program, first, count), lead),
      ...(isRepeated ? this.dropout.feedsOfSteps(call.step + first, count) : this.dropout.feeds(call.step + first, 0)),
    };
    const fetches: Record<string, Feed> = {
      [program.outputs.report]: floatFeed(reports.subarray(0, count * reportSize), [...lead, reportSize]),
    };
    for (const piece of graph.pieces) {
      Object.assign(feeds, state.feeds(piece, piece.suffix));
      Object.assign(fetches, state.fetches(piece.outputs, piece));
    }
    await this.session.run(feeds, fetches);
    return Array.from({ length: count }, (_, i) =>
      combineReports([reports.subarray(i * reportSize, (i + 1) * reportSize)], 1),
    );
  }

  async read(): Promise<TrainingState> {
    return this.state.current;
  }

  async readPrevious(): Promise<TrainingState> {
    return this.state.previous;
  }

  async write(state: TrainingState): Promise<void> {
    this.state.write(state);
    this.last = null;
  }

  async setKeep(keep: Uint8Array): Promise<void> {
    this.state.setKeep(keep);
  }

  async release(): Promise<void> {
    await Promise.allSettled([this.last]);
    await this.session.release();
  }
}

/** The batches of some steps of a set: views. */
function stepsOf(batch: Batch, { xDims, yDims }: TrainingProgram, first: number, count: number): Batch {
  const part = <T extends Float32Array | Int32Array>(values: T, size: number): T =>
    values.subarray(first * size, (first + count) * size) as T;
  return { x: part(batch.x, sizeOf(xDims)), y: part(batch.y, sizeOf(yDims)) };
}

/** The batch as inputs of the gradient's graph. @param lead first axes */
export function batchFeeds(program: TrainingProgram, batch: Batch, lead: readonly number[] = []): Record<string, Feed> {
  return {
    [NAMES.x]: floatFeed(batch.x, [...lead, ...program.xDims]),
    [NAMES.y]: { dataType: program.isClass ? 'int32' : 'float32', dims: [...lead, ...program.yDims], data: batch.y },
  };
}
