import { cloneModel } from '../onnx/ir.js';
import { BatchOrder } from './batches.js';
import { buildTraining, type TrainingSetup } from './build.js';
import { checkRequest } from './check-request.js';
import { divergedError } from './diverged.js';
import type { StepResult, TrainingEngine } from './engine/engine.js';
import { createEngine } from './engine/index.js';
import { unpackTensors, viewTensors } from './flat.js';
import { flatMasks, zeroMasked } from './masks.js';
import type { HistoryEntry, Masks, StepState, TrainRequest, TrainResult } from './request.js';
import { RunningStatistics } from './running-statistics.js';
import { constantSchedule } from './schedule.js';
import { Validator } from './validator.js';

/**
 * Trains a network and gives back a copy of it with other weights.
 * The bits of the result depend on the request, the CPU class and the version of onnxruntime; not on `cores`.
 * Throws UserError: TRAIN_… for a request that cannot work, before anything is computed; TRAIN_DIVERGED once the loss
 * is no longer a number; whatever `signal` was aborted with, after the step that is under way.
 */
export async function train(request: TrainRequest): Promise<TrainResult> {
  checkRequest(request);
  const setup = buildTraining(request);
  const parameters = setup.parameters;
  if (request.masks !== undefined) zeroMasked(setup.layout, parameters, request.masks);
  const engine = await createEngine(setup.program, parameters, request.data, request.cores ?? 1);
  let validator: Validator | null = null;
  try {
    if (request.masks !== undefined) await engine.setKeep(flatMasks(setup.layout, request.masks));
    const { validation } = request.data;
    if (validation !== null && setup.evaluation !== null) {
      validator = await Validator.create(setup.evaluation, request.data, validation, setup.batch);
    }
    return await new TrainingRun(request, setup, engine, validator).run();
  } finally {
    await engine.release();
    await validator?.release();
  }
}

/** Weights worth coming back to. */
interface Snapshot {
  readonly entry: HistoryEntry;
  readonly parameters: Float32Array;
  readonly statistics: Float32Array;
}

class TrainingRun {
  private readonly order: BatchOrder;
  private readonly statistics: RunningStatistics;
  private readonly history: HistoryEntry[] = [];
  private readonly now: () => number;
  private kept: Snapshot | null = null;
  private epoch = { startedAt: 0, steps: 0, loss: 0, correct: 0 };

  constructor(
    private readonly request: TrainRequest,
    private readonly setup: TrainingSetup,
    private readonly engine: TrainingEngine,
    private readonly validator: Validator | null,
  ) {
    this.order = new BatchOrder(request.data.train.count, setup.batch, request.random.derive('shuffle'));
    this.statistics = new RunningStatistics(setup.statisticsLayout, setup.statisticsLayers, setup.statistics);
    this.now = request.now ?? (() => performance.now());
  }

  async run(): Promise<TrainResult> {
    const { request, setup, order } = this;
    const { steps } = setup;
    let slot: 0 | 1 = 0;
    let reachedTarget = false;
    let step = 0;
    await this.fill(slot, 0);
    this.epoch.startedAt = this.now();
    while (step < steps && !reachedTarget) {
      request.signal?.throwIfAborted();
      const next: 0 | 1 = slot === 0 ? 1 : 0;
      const hyper = this.hyperAt(step);
      const [result] = await bothSettled(
        this.engine.step({ slot, step, hyper }),
        step + 1 < steps ? this.fill(next, step + 1) : Promise.resolve(),
      );
      if (!Number.isFinite(result.loss)) throw await this.diverged(slot, step);
      step++;
      slot = next;
      this.statistics.update(result.statistics);
      this.note(result, step);
      await request.onStep?.(this.stateAt(step));
      if (step % order.stepsPerEpoch === 0 || step === steps) reachedTarget = await this.endEpoch(step);
    }
    return this.result(step, reachedTarget);
  }

  /** The weights of this step were made by the update before it. */
  private diverged(slot: 0 | 1, step: number): Promise<Error> {
    const learningRate = this.learningRateAt(Math.max(0, step - 1));
    return divergedError(this.setup, this.engine, { slot, step, learningRate });
  }

  private async fill(slot: 0 | 1, step: number): Promise<void> {
    const batch = this.engine.batches[slot];
    await this.request.data.train.read(this.order.indices(step), batch.x, batch.y);
  }

  private learningRateAt(step: number): number {
    const { optimizer, schedule = constantSchedule() } = this.request;
    const { steps } = this.setup;
    return optimizer.learningRate * schedule({ step, steps, stepsPerEpoch: this.order.stepsPerEpoch });
  }

  private hyperAt(step: number): Float32Array {
    return Float32Array.from(this.request.optimizer.hyper(step + 1, this.learningRateAt(step)));
  }

  private note(result: StepResult, step: number): void {
    const { epoch, setup, request } = this;
    epoch.steps++;
    epoch.loss += result.loss;
    epoch.correct += result.correct;
    request.onProgress?.({
      fraction: step / setup.steps,
      epoch: step / this.order.stepsPerEpoch,
      loss: result.loss,
      accuracy: request.data.target.kind === 'class' ? result.correct / setup.batch : null,
      imagesPerS: this.imagesPerS(),
    });
  }

  private imagesPerS(): number {
    const seconds = (this.now() - this.epoch.startedAt) / 1000;
    return (this.epoch.steps * this.setup.batch) / Math.max(seconds, 1e-6);
  }

  private stateAt(step: number): StepState {
    const { setup, engine } = this;
    return {
      step,
      steps: setup.steps,
      stepsPerEpoch: this.order.stepsPerEpoch,
      readWeights: async () => viewTensors(setup.layout, (await engine.read()).parameters),
      setMasks: (masks: Masks) => engine.setKeep(flatMasks(setup.layout, masks)),
    };
  }

  /** Validates, remembers the weights if they are the best, and says whether training has reached its target. */
  private async endEpoch(step: number): Promise<boolean> {
    const { request, setup, epoch } = this;
    const isClass = request.data.target.kind === 'class';
    const imagesPerS = this.imagesPerS();
    const { parameters } = await this.engine.read();
    const score = await this.validator?.score(parameters, this.statistics.values, request.signal);
    const entry: HistoryEntry = {
      epoch: step / this.order.stepsPerEpoch,
      step,
      loss: epoch.loss / epoch.steps,
      accuracy: isClass ? epoch.correct / (epoch.steps * setup.batch) : null,
      validationLoss: score?.loss ?? null,
      validationAccuracy: score?.accuracy ?? null,
      learningRate: this.learningRateAt(step - 1),
      imagesPerS,
    };
    this.history.push(entry);
    const keep = request.keep ?? (this.validator === null ? 'last' : 'best');
    if (keep === 'last' || this.kept === null || isBetter(entry, this.kept.entry)) {
      this.kept = { entry, parameters: parameters.slice(), statistics: this.statistics.values.slice() };
    }
    await request.onEpoch?.({ ...this.stateAt(step), entry });
    this.epoch = { startedAt: this.now(), steps: 0, loss: 0, correct: 0 };
    const target = request.stopAt?.accuracy ?? Number.POSITIVE_INFINITY;
    return (entry.validationAccuracy ?? 0) >= target;
  }

  private result(steps: number, reachedTarget: boolean): TrainResult {
    const { request, setup, kept } = this;
    if (kept === null) throw new Error('internal: training ended without an epoch');
    const model = cloneModel(request.model);
    unpackTensors(setup.layout, kept.parameters, model.graph);
    unpackTensors(setup.statisticsLayout, kept.statistics, model.graph);
    return {
      model,
      history: this.history,
      kept: kept.entry,
      steps,
      shards: setup.program.shards,
      batch: setup.batch,
      reachedTarget,
      trained: setup.layout.entries.map(({ name }) => name),
    };
  }
}

/** Higher validation accuracy; where that is equal or absent, lower loss. */
function isBetter(entry: HistoryEntry, than: HistoryEntry): boolean {
  const accuracy = (entry.validationAccuracy ?? 0) - (than.validationAccuracy ?? 0);
  if (accuracy !== 0) return accuracy > 0;
  return (entry.validationLoss ?? entry.loss) < (than.validationLoss ?? than.loss);
}

/** Waits for both even if one fails, so that nothing still runs when the caller cleans up. */
async function bothSettled<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return [await a, await b];
}
