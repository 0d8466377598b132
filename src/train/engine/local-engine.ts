import { type Feed, floatFeed, Session } from '../../runtime/session.js';
import type { Batch } from '../batches.js';
import { DropoutMasks } from './dropout-masks.js';
import {
  combineReports,
  NO_STEP,
  type StepCall,
  type StepResult,
  type TrainingEngine,
  type TrainingState,
} from './engine.js';
import { NAMES, type TrainingProgram, type UpdateOutputs } from './program.js';
import { StateBuffers } from './state-buffers.js';

/** Trains one shard in this thread: one run of onnxruntime a step. */
export async function createLocalEngine(
  program: TrainingProgram,
  parameters: Float32Array,
  batches: readonly [Batch, Batch],
): Promise<TrainingEngine> {
  if (program.graphs.kind !== 'fused') throw new Error('internal: a step in this thread needs the fused graph');
  const { provider } = program;
  const session = await Session.create(program.graphs.step, { name: 'the training graph', provider });
  return new LocalEngine(program, program.graphs.outputs, session, new StateBuffers(program, parameters), batches);
}

class LocalEngine implements TrainingEngine {
  private readonly report: Float32Array;
  private readonly dropout: DropoutMasks;
  /** The step that was started last. */
  private last: Promise<StepResult> | null = null;

  constructor(
    private readonly program: TrainingProgram,
    private readonly outputs: UpdateOutputs,
    private readonly session: Session,
    private readonly state: StateBuffers,
    readonly batches: readonly [Batch, Batch],
  ) {
    this.report = new Float32Array(program.reportSize);
    this.dropout = new DropoutMasks(program);
  }

  step(call: StepCall): Promise<StepResult> {
    const { last } = this;
    this.last =
      last === null ? this.run(call) : last.then(({ loss }) => (Number.isFinite(loss) ? this.run(call) : NO_STEP));
    return this.last;
  }

  private async run(call: StepCall): Promise<StepResult> {
    const { program, state } = this;
    const batch = this.batches[call.slot];
    const feeds: Record<string, Feed> = {
      ...state.feeds(),
      [NAMES.hyper]: floatFeed(call.hyper, [program.hyperSize]),
      ...batchFeeds(program, batch),
      ...this.dropout.feeds(call.step, 0),
    };
    await this.session.run(feeds, {
      ...state.fetches(this.outputs),
      [program.outputs.report]: floatFeed(this.report, [program.reportSize]),
    });
    state.swap();
    state.flushTiny(call.step);
    return combineReports([this.report], 1);
  }

  async read(): Promise<TrainingState> {
    return this.state.current;
  }

  async readPrevious(): Promise<TrainingState> {
    return this.state.previous;
  }

  async write(state: TrainingState): Promise<void> {
    this.state.write(state);
  }

  async setKeep(keep: Uint8Array): Promise<void> {
    this.state.setKeep(keep);
  }

  async release(): Promise<void> {
    await Promise.allSettled([this.last]);
    await this.session.release();
  }
}

/** The batch as inputs of the gradient's graph. */
export function batchFeeds(program: TrainingProgram, batch: Batch): Record<string, Feed> {
  return {
    [NAMES.x]: floatFeed(batch.x, program.xDims),
    [NAMES.y]: { dataType: program.isClass ? 'int32' : 'float32', dims: program.yDims, data: batch.y },
  };
}
