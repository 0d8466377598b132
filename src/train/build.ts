import { checkDifferentiable } from '../autodiff/index.js';
import { UserError } from '../core/errors.js';
import type { Target } from '../data/dataset.js';
import type { GraphBuilder, Value } from '../onnx/builder.js';
import type { Tensor } from '../onnx/ir.js';
import { upgradeOpset } from '../onnx/upgrade.js';
import { encodeModel } from '../onnx/write.js';
import { effectiveAccumulation, effectiveBatch } from './check-request.js';
import { NAMES, type Slice, type TrainingProgram, type UpdateOutputs } from './engine/program.js';
import { buildEvaluation } from './evaluation-graph.js';
import { fitBatch } from './fit-batch.js';
import { type FlatLayout, flatLayout, packTensors, sliceLayout } from './flat.js';
import { appendGradient, type GradientGraph } from './gradient-graph.js';
import { builderFor, encodeGraph, type NetworkPlan } from './network-plan.js';
import { settingsByName } from './overrides.js';
import { trainableParameters } from './parameters.js';
import type { TrainRequest } from './request.js';
import type { StatisticsLayer } from './running-statistics.js';
import { batchTarget } from './soft-labels.js';
import { appendUpdate, hyperNames, slotNames, type UpdatePlan } from './update.js';
import { labelDims } from './validator.js';

/** All that is known before the first step. */
export interface TrainingSetup {
  readonly plan: NetworkPlan;
  readonly update: UpdatePlan;
  readonly program: TrainingProgram;
  readonly layout: FlatLayout;
  /** Initial weights, flat. */
  readonly parameters: Float32Array;
  readonly statisticsLayout: FlatLayout;
  readonly statisticsLayers: readonly StatisticsLayer[];
  /** Initial running statistics, flat. */
  readonly statistics: Float32Array;
  /** What the buffers of training batches hold for labels. */
  readonly target: Target;
  /** One a class; null if all classes count the same. */
  readonly classWeights: readonly number[] | null;
  /** Bytes of the evaluation graph; null without a validation split. */
  readonly evaluation: Uint8Array | null;
  /** Samples a step. */
  readonly batch: number;
  /** Samples that the evaluation graph takes. */
  readonly evaluationBatch: number;
  readonly steps: number;
}

/**
 * Builds the graphs of a training run. Throws TRAIN_… and AUTODIFF_… for a network that cannot be trained on the data, SELECT_…
 * for an override that matches nothing.
 * @param classWeights one a class; null if all count the same
 * @param channelBlock channels per block of the CPU's convolution kernels; null where it has none
 */
export function buildTraining(
  request: TrainRequest,
  classWeights: readonly number[] | null,
  channelBlock: number | null,
): TrainingSetup {
  const { data } = request;
  const asked = effectiveBatch(request.batch, data.train.count);
  const { plan, update } = planTraining(request, channelBlock);
  const { batch, passes, shards, evaluationBatch } = fitBatch(request, plan, asked);
  const microBatches = passes * effectiveAccumulation(request.accumulate ?? 1, asked, data.train.count);
  const target = batchTarget({
    target: data.target,
    classWeights,
    isMixed: request.augment?.mixup !== undefined,
  });
  const { program, statistics } = buildProgram(request, plan, {
    batch,
    microBatches,
    shards,
    update,
    target,
    classWeights,
  });

  const statisticsLayout = flatLayout(
    statistics.flatMap(({ meanName, varName, mean }) =>
      [meanName, varName].map((name) => ({ name, dims: mean.shape as readonly number[] })),
    ),
  );
  const { initializers } = plan.model.graph;
  return {
    plan,
    update,
    program,
    layout: plan.layout,
    parameters: packTensors(plan.layout, initializers),
    statisticsLayout,
    statisticsLayers: statistics.map(({ momentum, count }) => ({ momentum, count: count * shards })),
    statistics: initialStatistics(statisticsLayout, initializers, update.average !== null),
    target,
    classWeights,
    evaluation:
      data.validation === null
        ? null
        : encodeGraph(
            plan,
            buildEvaluation(plan, {
              data,
              batch: evaluationBatch,
              loss: request.validationLoss ?? request.loss,
              statistics: statisticsLayout,
            }),
          ),
    batch: batch * microBatches,
    evaluationBatch,
    steps: stepsOf(request, batch * microBatches),
  };
}

/**
 * Builds the graph of a step and throws it away. Throws what `buildTraining` throws.
 * @returns the names of what would be trained
 */
export function tryTraining(request: TrainRequest, classWeights: readonly number[] | null): readonly string[] {
  const { data, augment } = request;
  const { plan, update } = planTraining(request, null);
  const { batch, passes, shards } = fitBatch(request, plan, effectiveBatch(request.batch, data.train.count));
  const isMixed = augment?.mixup !== undefined;
  const target = batchTarget({ target: data.target, classWeights, isMixed });
  appendStep(request, plan, { batch, microBatches: passes, shards, update, target, classWeights });
  return plan.layout.entries.map(({ name }) => name);
}

/** As RunningStatistics takes them; the average of the first step is that step's. */
function initialStatistics(
  layout: FlatLayout,
  initializers: ReadonlyMap<string, Tensor>,
  isAveraged: boolean,
): Float32Array {
  const running = packTensors(layout, initializers);
  if (!isAveraged) return running;
  const values = new Float32Array(2 * layout.size);
  values.set(running);
  return values;
}

function stepsOf({ length, data }: TrainRequest, batch: number): number {
  if ('steps' in length) return length.steps;
  return Math.max(1, Math.round(length.epochs * Math.floor(data.train.count / batch)));
}

function planTraining(request: TrainRequest, channelBlock: number | null): { plan: NetworkPlan; update: UpdatePlan } {
  const model = upgradeOpset(request.model);
  const { frozen, learningRateScale, weightDecay } = settingsByName(request);
  const parameters = trainableParameters(model).filter(({ name }) => !frozen.has(name));
  if (parameters.length === 0) {
    throw new UserError(
      'TRAIN_NOTHING',
      frozen.size === 0 ? 'The network has no weights.' : 'Every weight of the network is frozen.',
      'Training needs at least one float32 weight that may change.',
    );
  }
  checkDifferentiable(
    model,
    parameters.map(({ name }) => name),
  );
  const layout = flatLayout(parameters);
  return {
    plan: {
      model,
      layout,
      batchNorm: request.batchNorm === 'frozen' ? 'frozen' : 'train',
      frozen,
      provider: request.provider ?? 'cpu',
      channelBlock,
      lowerings: request.lowerings,
    },
    update: {
      layout,
      roles: new Map(parameters.map(({ name, role }) => [name, role])),
      optimizer: request.optimizer,
      regularizer: request.regularizer ?? null,
      learningRateScale,
      weightDecay,
      clipNorm: request.clipNorm ?? null,
      average: request.average ?? null,
      isMasked: request.masks !== undefined,
    },
  };
}

interface ProgramCall {
  /** Samples of one micro-batch. */
  readonly batch: number;
  readonly microBatches: number;
  readonly shards: number;
  readonly update: UpdatePlan;
  readonly target: Target;
  readonly classWeights: readonly number[] | null;
}

/** Adds the forward pass, the loss and the gradient of one shard. */
function appendStep(
  { data, loss }: TrainRequest,
  plan: NetworkPlan,
  { batch, microBatches, shards, target, classWeights }: ProgramCall,
) {
  const isClass = target.kind === 'class';
  const xDims = [batch / shards, ...data.inputShape];
  const yDims = labelDims({ target }, batch / shards);
  const b = builderFor(plan, 'training step');
  const parameters = b.input(NAMES.parameters, 'float32', [plan.layout.size]);
  const x = b.input(NAMES.x, 'float32', xDims);
  const y = b.input(NAMES.y, isClass ? 'int32' : 'float32', yDims);
  const parts = microBatches * shards;
  const graph = appendGradient(b, plan, { parameters, x, y, target: data.target, loss, classWeights, parts });
  return { b, graph, parameters, isClass, xDims, yDims };
}

function buildProgram(
  request: TrainRequest,
  plan: NetworkPlan,
  call: ProgramCall,
): { program: TrainingProgram; statistics: GradientGraph['statistics'] } {
  const { microBatches, shards, update } = call;
  const size = plan.layout.size;
  const { b, graph, parameters, isClass, xDims, yDims } = appendStep(request, plan, call);
  b.output(graph.report);
  let graphs: TrainingProgram['graphs'];
  if (shards === 1 && microBatches === 1) {
    const outputs = addUpdate(b, update, parameters, [graph.gradient]);
    graphs = { kind: 'fused', step: encodeGraph(plan, b), outputs };
  } else {
    b.output(graph.gradient);
    // The length of the gradient needs all of it at once.
    const parts = update.clipNorm === null ? Math.min(shards, request.cores ?? 1) : 1;
    const updates = slicesOf(size, parts).map((slice) => ({ ...slice, ...sliceUpdate(plan, update, slice, shards) }));
    graphs = { kind: 'sharded', gradient: encodeGraph(plan, b), updates };
  }
  const program: TrainingProgram = {
    provider: plan.provider,
    graphs,
    outputs: { gradient: graph.gradient.name, report: graph.report.name },
    shards,
    microBatches,
    xDims,
    yDims,
    isClass,
    size,
    slotNames: slotNames(update),
    hyperSize: hyperNames(update).length,
    isMasked: update.isMasked,
    reportSize: graph.report.shape![0] as number,
    dropouts: graph.dropouts,
    dropoutSeed: request.random.derive('dropout').seed,
  };
  return { program, statistics: graph.statistics };
}

/**
 * A vector cut into parts of about equal size. Every element has the same bits in any part: updates work element by element,
 * and a part begins where the processor's vectors do.
 */
function slicesOf(size: number, parts: number): Slice[] {
  const step = Math.ceil(size / parts / SLICE_UNIT) * SLICE_UNIT;
  return Array.from({ length: Math.ceil(size / step) }, (_, i) => ({
    start: i * step,
    end: Math.min(size, (i + 1) * step),
  }));
}

const SLICE_UNIT = 64;

function sliceUpdate(
  plan: NetworkPlan,
  update: UpdatePlan,
  { start, end }: Slice,
  shards: number,
): { graph: Uint8Array; outputs: UpdateOutputs } {
  const b = builderFor(plan, 'update');
  const part = { ...update, layout: sliceLayout(update.layout, start, end) };
  const parameters = b.input(NAMES.parameters, 'float32', [end - start]);
  const gradients = Array.from({ length: shards }, (_, shard) =>
    b.input(`${NAMES.gradient}${shard}`, 'float32', [end - start]),
  );
  const outputs = addUpdate(b, part, parameters, gradients);
  return { graph: encodeModel(b.build()), outputs };
}

/** Adds the update with its inputs, and makes its results outputs. @returns their names */
function addUpdate(b: GraphBuilder, plan: UpdatePlan, parameters: Value, gradients: readonly Value[]): UpdateOutputs {
  const { layout } = plan;
  const next = appendUpdate(b, plan, {
    parameters,
    slots: slotNames(plan).map((name) => b.input(NAMES.slot + name, 'float32', [layout.size])),
    gradients,
    hyper: b.input(NAMES.hyper, 'float32', [hyperNames(plan).length]),
    keep: plan.isMasked ? b.input(NAMES.keep, 'bool', [layout.size]) : null,
  });
  return {
    parameters: b.output(next.parameters).name,
    slots: next.slots.map((slot) => b.output(slot).name),
  };
}
