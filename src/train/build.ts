import { checkDifferentiable, standardForm } from '../autodiff/index.js';
import { UserError } from '../core/errors.js';
import type { Target } from '../data/dataset.js';
import type { Tensor } from '../onnx/ir.js';
import { sizeOf } from '../onnx/tensor.js';
import { effectiveAccumulation, effectiveBatch } from './check-request.js';
import type { TrainingProgram } from './engine/program.js';
import { buildEvaluation } from './evaluation-graph.js';
import { fitBatch } from './fit-batch.js';
import { type FlatLayout, flatLayout, packTensors } from './flat.js';
import type { GradientGraph } from './gradient-graph.js';
import { trainingMemory } from './memory.js';
import { encodeGraph, type NetworkPlan } from './network-plan.js';
import { settingsByName } from './overrides.js';
import { trainableParameters } from './parameters.js';
import { largeFirst } from './pieces.js';
import { fusedGraph, type GraphsCall, gradientGraph, shardedGraphs } from './program-graphs.js';
import type { TrainRequest } from './request.js';
import type { StatisticsLayer } from './running-statistics.js';
import { batchTarget } from './soft-labels.js';
import { stepsPerRun } from './steps-per-run.js';
import { grownUpdate, hyperNames, slotFactors, slotNames, type UpdatePlan } from './update.js';
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
  const { plan, update: planned } = planTraining(request, channelBlock);
  const { batch, passes, shards, macs, evaluationBatch } = fitBatch(request, plan, asked);
  const microBatches = passes * effectiveAccumulation(request.accumulate ?? 1, asked, data.train.count);
  const target = batchTarget({
    target: data.target,
    classWeights,
    isMixed: request.augment?.mixup !== undefined,
  });
  // With several shards, or several micro-batches, gradients meet the update outside of the graph that makes them.
  const update = shards === 1 && microBatches === 1 ? grownUpdate(planned) : planned;
  const { program, statistics } = buildProgram(request, plan, {
    batch,
    microBatches,
    shards,
    macs,
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
 * @returns the names of what would be trained, and the bytes that it would take
 */
export function tryTraining(
  request: TrainRequest,
  classWeights: readonly number[] | null,
): { readonly trained: readonly string[]; readonly memory: number | null } {
  const { data, augment } = request;
  const { plan, update } = planTraining(request, null);
  const { batch, passes, shards } = fitBatch(request, plan, effectiveBatch(request.batch, data.train.count));
  const isMixed = augment?.mixup !== undefined;
  const target = batchTarget({ target: data.target, classWeights, isMixed });
  const call = graphsCall(request, plan, { batch, microBatches: passes, shards, update, target, classWeights });
  const { b } = gradientGraph(call);
  return {
    trained: [...update.roles.keys()],
    memory: trainingMemory({ b, shards, size: plan.layout.size, data }),
  };
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
  const model = standardForm(request.model);
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
  const layout = flatLayout(largeFirst(parameters));
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
      // With λ = 0 the bits are those of none, whatever form the optimizer takes.
      regularizer: request.regularizer?.lambda === 0 ? null : (request.regularizer ?? null),
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
  /** Multiplications of a forward pass over a batch. */
  readonly macs: number;
  readonly update: UpdatePlan;
  readonly target: Target;
  readonly classWeights: readonly number[] | null;
}

/** What the graphs are made of. */
function graphsCall(
  { data, loss }: TrainRequest,
  plan: NetworkPlan,
  { batch, microBatches, shards, update, target, classWeights }: Omit<ProgramCall, 'macs'>,
): GraphsCall {
  return {
    plan,
    update,
    xDims: [batch / shards, ...data.inputShape],
    yDims: labelDims({ target }, batch / shards),
    isClass: target.kind === 'class',
    gradient: { target: data.target, loss, classWeights, parts: microBatches * shards },
  };
}

function buildProgram(
  request: TrainRequest,
  plan: NetworkPlan,
  { macs, ...call }: ProgramCall,
): { program: TrainingProgram; statistics: GradientGraph['statistics'] } {
  const { microBatches, shards, update } = call;
  const size = plan.layout.size;
  const made = graphsCall(request, plan, call);
  const { xDims, yDims, isClass } = made;
  const facts = {
    macs,
    stateBytes: 4 * size * (1 + slotNames(update).length),
    bytes: 4 * (sizeOf(xDims) + sizeOf(yDims)),
    isWatched: isWatched(request),
  };
  const { graphs, outputs, gradient } =
    shards === 1 && microBatches === 1
      ? fusedGraph(made, {
          stepsPerRun: plan.provider === 'cpu' ? stepsPerRun(facts) : 1,
          wantsThreads: plan.provider === 'cpu' && macs >= MANY_MACS,
        })
      : shardedGraphs(made, { shards, cores: request.cores ?? 1 });
  const program: TrainingProgram = {
    provider: plan.provider,
    graphs,
    outputs,
    shards,
    microBatches,
    xDims,
    yDims,
    isClass,
    size,
    slotNames: slotNames(update),
    slotFactors: slotFactors(update),
    hyperSize: hyperNames(update).length,
    isMasked: update.isMasked,
    reportSize: gradient.report.shape![0] as number,
    dropouts: gradient.dropouts,
    dropoutSeed: request.random.derive('dropout').seed,
  };
  return { program, statistics: gradient.statistics };
}

/** Multiplications of a forward pass. Below it, a second thread gains less than the two wait for each other. */
const MANY_MACS = 4e6;

/** True if somebody looks at the weights after every step. */
function isWatched({ onStep, watches }: TrainRequest): boolean {
  return onStep !== undefined && watches === undefined;
}
