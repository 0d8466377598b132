import { probeChannelBlock } from '../autodiff/index.js';
import { cloneModel } from '../onnx/ir.js';
import { averageDecay } from './average.js';
import { BatchSource } from './batch-source.js';
import type { Batch, BatchOrder } from './batches.js';
import { buildTraining, type TrainingSetup } from './build.js';
import { checkRequest } from './check-request.js';
import { fingerprintOf, partsOf, type RunState, type Snapshot, stateOf } from './checkpoint.js';
import { resolveClassWeights } from './class-weights.js';
import { divergedError, validationDivergedError, weightsDivergedError } from './diverged.js';
import { type StepResult, type TrainingEngine, type TrainingState, zeroDropped } from './engine/engine.js';
import { createEngine } from './engine/index.js';
import { unpackTensors, viewTensors } from './flat.js';
import { foldRequest } from './fold-request.js';
import { flatMasks } from './masks.js';
import type { HistoryEntry, Masks, StepState, TrainRequest, TrainResult } from './request.js';
import { RunningStatistics } from './running-statistics.js';
import { constantSchedule } from './schedule.js';
import { StepCurveRecorder } from './step-curve.js';
import { hyperValues } from './update.js';
import { Validator } from './validator.js';

/**
 * Trains a network and gives back a copy of it with other weights.
 * The bits of the result depend on the request, the CPU class or GPU and the version of onnxruntime; not on `cores`.
 * Throws UserError: TRAIN_… for a request that cannot work, before anything is computed; TRAIN_DIVERGED once the loss
 * is no longer a number; whatever `signal` was aborted with, after the step that is under way, saved in the checkpoint.
 */
export async function train(given: TrainRequest): Promise<TrainResult> {
  checkRequest(given);
  const { provider = 'cpu' } = given;
  const isOnCpu = provider === 'cpu';
  const whole = given.batchNorm === 'folded' ? foldRequest(given) : given;
  // Several workers would only wait for one another at the GPU.
  const request = isOnCpu ? whole : { ...whole, cores: 1 };
  const classWeights = await resolveClassWeights(request);
  const setup = buildTraining(request, classWeights, isOnCpu ? await probeChannelBlock() : null);
  const source = sourceOf(request, setup);
  const parameters = setup.parameters;
  const keep = request.masks === undefined ? null : flatMasks(setup.layout, request.masks);
  if (keep !== null) zeroDropped(parameters, keep);
  const buffers = { inputShape: request.data.inputShape, target: setup.target };
  const engine = await createEngine(setup.program, parameters, buffers, request.cores ?? 1);
  let validator: Validator | null = null;
  try {
    if (keep !== null) await engine.setKeep(keep);
    const { validation } = request.data;
    if (validation !== null && setup.evaluation !== null) {
      validator = await Validator.create({
        ...{ graph: setup.evaluation, provider, size: setup.evaluationBatch },
        ...{ data: request.data, samples: validation },
      });
    }
    return await new TrainingRun(request, { setup, source, engine, validator }, keep).run();
  } finally {
    await engine.release();
    await validator?.release();
  }
}

function sourceOf({ data, augment, random }: TrainRequest, { batch, classWeights }: TrainingSetup): BatchSource {
  return new BatchSource(data, { batch, augment: augment ?? null, classWeights, random });
}

/** What a run works with. */
interface Workshop {
  readonly setup: TrainingSetup;
  readonly source: BatchSource;
  readonly engine: TrainingEngine;
  readonly validator: Validator | null;
}

/** Steps that are handed to the engine together, their batches filled. */
interface Chunk {
  readonly slot: 0 | 1;
  /** Number of the first step, 0 for the first of all. */
  readonly step: number;
  readonly count: number;
}

/** A chunk, and its results if it has been started. */
interface Prepared {
  readonly chunk: Chunk;
  readonly running: Promise<readonly StepResult[]> | null;
}

class TrainingRun {
  private readonly setup: TrainingSetup;
  private readonly source: BatchSource;
  private readonly order: BatchOrder;
  private readonly engine: TrainingEngine;
  private readonly validator: Validator | null;
  private readonly statistics: RunningStatistics;
  private readonly history: HistoryEntry[] = [];
  private readonly curve: StepCurveRecorder;
  private readonly now: () => number;
  private kept: Snapshot | null = null;
  private epoch = { startedAt: 0, steps: 0, loss: 0, correct: 0 };
  /** Steps done, and how many of them the checkpoint does not know. */
  private step = 0;
  private unsaved = 0;
  /** False while a step or the end of an epoch is half done: such a state is none to go on from. */
  private isBetweenSteps = true;
  private readonly fingerprint: string;

  constructor(
    private readonly request: TrainRequest,
    { setup, source, engine, validator }: Workshop,
    /** The present mask. */
    private keep: Uint8Array | null,
  ) {
    this.setup = setup;
    this.source = source;
    this.order = source.order;
    this.engine = engine;
    this.validator = validator;
    this.fingerprint = fingerprintOf(setup, request);
    this.statistics = new RunningStatistics(setup.statisticsLayout, setup.statisticsLayers, setup.statistics);
    this.curve = new StepCurveRecorder(setup.steps);
    this.now = request.now ?? (() => performance.now());
  }

  async run(): Promise<TrainResult> {
    const step = await this.resume();
    try {
      return await this.goOn(step);
    } catch (error) {
      if (this.request.signal?.aborted === true && this.isBetweenSteps && this.unsaved > 0) await this.save();
      throw error;
    }
  }

  private async goOn(start: number): Promise<TrainResult> {
    const { request, setup } = this;
    this.step = start;
    let reachedTarget = await this.endEpochIfDue();
    let prepared: Prepared | null = null;
    while (this.step < setup.steps && !reachedTarget) {
      const { chunk, running }: Prepared = prepared ?? { chunk: await this.fillNext(0, this.step), running: null };
      if (running === null) request.signal?.throwIfAborted();
      this.isBetweenSteps = false;
      const mustSave = request.checkpoint?.due(chunk.count) === true;
      const [results, following]: [readonly StepResult[], Prepared | null] = await bothSettled(
        running ?? this.start(chunk),
        this.prepareAfter(chunk, mustSave),
      );
      for (const [part, result] of results.entries()) {
        if (!Number.isFinite(result.loss)) throw await this.diverged(chunk, part);
        this.step++;
        this.unsaved++;
        this.updateStatistics(result);
        this.note(result, this.step);
      }
      prepared = following;
      if (this.isWatched(this.step)) await request.onStep?.(this.stateAt(this.step));
      this.isBetweenSteps = following === null || following.running === null;
      if (mustSave) await this.save();
      reachedTarget = await this.endEpochIfDue();
    }
    return this.result(this.step, reachedTarget);
  }

  private start({ slot, step, count }: Chunk): Promise<readonly StepResult[]> {
    const hyper = Array.from({ length: count }, (_, i) => this.hyperAt(step + i));
    const running = this.engine.steps({ slot, step, hyper });
    // Whoever waits for it sees its failure; if the step before it fails, nobody does.
    running.catch(() => {});
    return running;
  }

  /**
   * Fills the batches after the chunk under way, and starts their steps too if nothing else comes between the two.
   * Null at the end, and before a callback that may change which steps it wants to be called after.
   */
  private async prepareAfter(chunk: Chunk, mustSave: boolean): Promise<Prepared | null> {
    const step = chunk.step + chunk.count;
    if (step === this.setup.steps) return null;
    if (this.engine.stepsPerRun > 1 && this.request.onStep !== undefined && this.isWatched(step)) return null;
    const next = await this.fillNext(chunk.slot === 0 ? 1 : 0, step);
    const mustWait = mustSave || this.request.signal?.aborted === true || this.isStop(step);
    return { chunk: next, running: mustWait ? null : this.start(next) };
  }

  /** Fills the batches of as many steps as can be made together. */
  private async fillNext(slot: 0 | 1, step: number): Promise<Chunk> {
    const { engine, setup } = this;
    const most = Math.min(engine.stepsPerRun, setup.steps - step);
    let count = 1;
    while (count < most && !this.isStop(step + count)) count++;
    for (let part = 0; part < count; part++) {
      await this.source.fill(partOf(engine.batches[slot], part, engine.stepsPerRun), step + part);
    }
    return { slot, step, count };
  }

  /** True if something may look at the state after so many steps, or change it. */
  private isStop(step: number): boolean {
    return step % this.order.stepsPerEpoch === 0 || (this.request.onStep !== undefined && this.isWatched(step));
  }

  private isWatched(step: number): boolean {
    return this.request.watches?.(step) ?? true;
  }

  /** Takes up the state of the checkpoint, if there is one of this run. @returns steps done */
  private async resume(): Promise<number> {
    const { request, setup, engine } = this;
    const parts = (await request.checkpoint?.load()) ?? null;
    const run = { fingerprint: this.fingerprint, stepsPerEpoch: this.order.stepsPerEpoch };
    const state = parts === null ? null : stateOf(parts, setup, run);
    this.epoch.startedAt = this.now();
    if (state === 'damaged') request.onDamage?.();
    if (state === null || state === 'damaged') return 0;
    if (state.keep !== null) await this.setKeep(state.keep);
    await engine.write(state.engine);
    this.statistics.values.set(state.statistics);
    this.history.push(...state.history);
    this.curve.resume(state.curve);
    this.kept = state.kept;
    this.epoch = { ...state.epoch, startedAt: this.now() - state.epoch.elapsedMs };
    request.onResume?.({ step: state.step, steps: setup.steps });
    return state.step;
  }

  private async save(): Promise<void> {
    const { step, history, curve, kept, keep, epoch } = this;
    await this.request.checkpoint?.save(async () => {
      const state: RunState = {
        step,
        history,
        curve: curve.state(),
        kept,
        keep,
        epoch: { ...epoch, elapsedMs: this.now() - epoch.startedAt },
        engine: await this.engine.read(),
        statistics: this.statistics.values,
      };
      return partsOf(state, this.fingerprint);
    });
    this.unsaved = 0;
  }

  private async setKeep(keep: Uint8Array): Promise<void> {
    await this.engine.setKeep(keep);
    this.keep = keep;
  }

  /** The weights of this step were made by the update before it. */
  private diverged({ slot, step: first }: Chunk, part: number): Promise<Error> {
    const step = first + part;
    const learningRate = this.learningRateAt(Math.max(0, step - 1));
    return divergedError(this.setup, this.engine, { slot, part, step, learningRate });
  }

  /** After a step is counted. */
  private updateStatistics({ statistics }: StepResult): void {
    for (const shards of statistics) this.statistics.update(shards);
    const { average } = this.setup.update;
    if (average !== null) this.statistics.updateAverage(averageDecay(average, this.step));
  }

  /** The weights that are judged and come back: their average, where there is one. */
  private judged({ parameters, slots }: TrainingState): Float32Array {
    return this.setup.update.average === null ? parameters : slots.at(-1)!;
  }

  private learningRateAt(step: number): number {
    const { optimizer, schedule = constantSchedule() } = this.request;
    const { steps } = this.setup;
    return optimizer.learningRate * schedule({ step, steps, stepsPerEpoch: this.order.stepsPerEpoch });
  }

  private hyperAt(step: number): Float32Array {
    return hyperValues(this.setup.update, step + 1, this.learningRateAt(step));
  }

  private note(result: StepResult, step: number): void {
    const { epoch, setup, request } = this;
    epoch.steps++;
    epoch.loss += result.loss;
    epoch.correct += result.correct;
    this.curve.note(step, result.loss, this.learningRateAt(step - 1));
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
      setMasks: (masks: Masks) => this.setKeep(flatMasks(setup.layout, masks)),
    };
  }

  /** Also after a run went on from a checkpoint that was saved just before its epoch ended. */
  private async endEpochIfDue(): Promise<boolean> {
    const { step, epoch } = this;
    const isDue = step % this.order.stepsPerEpoch === 0 || step === this.setup.steps;
    return isDue && epoch.steps > 0 ? this.endEpoch(step) : this.hasReached(this.history.at(-1));
  }

  private hasReached(entry: HistoryEntry | undefined): boolean {
    const target = this.request.stopAt?.accuracy ?? Number.POSITIVE_INFINITY;
    return (entry?.validationAccuracy ?? 0) >= target;
  }

  /** Validates, remembers the weights if they are the best, and says whether training has reached its target. */
  private async endEpoch(step: number): Promise<boolean> {
    const { request, setup, epoch } = this;
    const isClass = request.data.target.kind === 'class';
    const imagesPerS = this.imagesPerS();
    const state = await this.engine.read();
    const at = { step, learningRate: this.learningRateAt(step - 1) };
    const diverged = weightsDivergedError(setup, state.parameters, at);
    if (diverged !== null) throw diverged;
    const weights = this.judged(state);
    const statistics = this.statistics.judged;
    const score = await this.validator?.score(weights, statistics, request.signal);
    if (score !== undefined && !Number.isFinite(score.loss)) throw validationDivergedError(statistics, at);
    this.isBetweenSteps = false;
    const entry: HistoryEntry = {
      epoch: step / this.order.stepsPerEpoch,
      step,
      loss: epoch.loss / epoch.steps,
      accuracy: isClass ? epoch.correct / (epoch.steps * setup.batch) : null,
      validationLoss: score?.loss ?? null,
      validationAccuracy: score?.accuracy ?? null,
      learningRate: at.learningRate,
      imagesPerS,
    };
    this.history.push(entry);
    const keep = request.keep ?? (this.validator === null ? 'last' : 'best');
    if (keep === 'last' || this.kept === null || isBetter(entry, this.kept.entry)) {
      this.kept = { entry, parameters: weights.slice(), statistics: statistics.slice() };
    }
    await request.onEpoch?.({ ...this.stateAt(step), entry });
    this.epoch = { startedAt: this.now(), steps: 0, loss: 0, correct: 0 };
    this.isBetweenSteps = true;
    return this.hasReached(entry);
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
      curve: this.curve.curve(),
      kept: kept.entry,
      steps,
      shards: setup.program.shards,
      batch: setup.batch,
      reachedTarget,
      trained: [...setup.update.roles.keys()],
    };
  }
}

/** One of the batches in a set of buffers: a view. */
function partOf({ x, y }: Batch, part: number, parts: number): Batch {
  const view = <T extends Float32Array | Int32Array>(values: T): T =>
    values.subarray((part * values.length) / parts, ((part + 1) * values.length) / parts) as T;
  return { x: view(x), y: view(y) };
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
