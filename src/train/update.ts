import type { GraphBuilder, Value } from '../onnx/builder.js';
import { floatTensor } from '../onnx/tensor.js';
import { AVERAGE_SLOT, addToAverage, averageDecay, type WeightAverage } from './average.js';
import { clipByNorm } from './clip-norm.js';
import { type FlatLayout, fillFlat } from './flat.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { ParameterRole } from './parameters.js';
import { addSubgradient, type L1Regularizer, softThreshold } from './regularizer.js';

/** Everything about the update that stays the same for a whole training run. */
export interface UpdatePlan {
  readonly layout: FlatLayout;
  /** Shape of the parameters and of all state. Default: a vector. */
  readonly dims?: readonly number[];
  /** By parameter name. */
  readonly roles: ReadonlyMap<string, ParameterRole>;
  readonly optimizer: Optimizer;
  readonly regularizer: L1Regularizer | null;
  /** Factors of the learning rate by parameter name; 1 where silent. */
  readonly learningRateScale: ReadonlyMap<string, number>;
  /** Weight decays by parameter name; the optimizer's where silent. Biases and norms have none, whatever it says. */
  readonly weightDecay: ReadonlyMap<string, number>;
  /** Longest gradient that the optimizer sees; null: any. */
  readonly clipNorm: number | null;
  readonly average: WeightAverage | null;
  /** True if weights are masked: the graph then has an input `keep`. */
  readonly isMasked: boolean;
}

export interface UpdateInputs {
  /** float32, of the plan's shape, as are all others without a shape here. */
  readonly parameters: Value;
  /** As `slotNames` lists them. */
  readonly slots: readonly Value[];
  /** One per shard, each its share of the gradient of the mean loss; summed in this order. */
  readonly gradients: readonly Value[];
  /** float32 [1] each, as `hyperNames` lists them. */
  readonly hyper: readonly Value[];
  /** bool, false where a weight stays 0; null if the plan is not masked. */
  readonly keep: Value | null;
}

/** The state vectors of an update: the optimizer's, then the average. */
export function slotNames({ optimizer, average }: Pick<UpdatePlan, 'optimizer' | 'average'>): string[] {
  return [...optimizer.slotNames, ...(average === null ? [] : [AVERAGE_SLOT])];
}

/** Numbers that change from step to step: the optimizer's, then the decay of the average. */
export function hyperNames({ optimizer, average }: Pick<UpdatePlan, 'optimizer' | 'average'>): string[] {
  return [...optimizer.hyperNames, ...(average === null ? [] : ['averageDecay'])];
}

/** Their values. @param step 1 for the first */
export function hyperValues(
  { optimizer, average }: Pick<UpdatePlan, 'optimizer' | 'average'>,
  step: number,
  learningRate: number,
): Float32Array {
  const decay = average === null ? [] : [averageDecay(average, step)];
  return Float32Array.from([...optimizer.hyper(step, learningRate), ...decay]);
}

/**
 * The same update with an optimizer whose state grows, where nothing but gradients from the loss goes into it, so that all can come out
 * multiplied by a factor; else as it is.
 */
export function grownUpdate(plan: UpdatePlan): UpdatePlan {
  const { optimizer, regularizer, weightDecay, clipNorm } = plan;
  const { grown } = optimizer;
  if (grown === undefined || grown === null || regularizer !== null || weightDecay.size > 0 || clipNorm !== null) {
    return plan;
  }
  return { ...plan, optimizer: { ...optimizer, ...grown } };
}

/** What each state vector is multiplied by at every upkeep. */
export function slotFactors({ optimizer, average }: Pick<UpdatePlan, 'optimizer' | 'average'>): number[] {
  return slotNames({ optimizer, average }).map((name) =>
    optimizer.slotNames.includes(name) ? (optimizer.stateFactor ?? 1) : 1,
  );
}

/**
 * Adds one update of the parameters: sum of the gradients → subgradient of the penalty → clipping → optimizer
 * → proximal step → mask → average. The mask comes after the step, and on the optimizer's state too: momentum would move a
 * masked weight whose gradient alone is masked.
 */
export function appendUpdate(
  b: GraphBuilder,
  plan: UpdatePlan,
  inputs: UpdateInputs,
): { parameters: Value; slots: Value[] } {
  const { optimizer, regularizer, average } = plan;
  const { keep, hyper } = inputs;
  let gradient = inputs.gradients.reduce((sum, share) => b.op('Add', [sum, share]));
  const penalized = regularizer === null ? null : penaltyOf(plan, regularizer);
  if (regularizer?.method === 'subgradient' && penalized !== null) {
    gradient = addSubgradient(b, gradient, inputs.parameters, constant(b, plan, penalized));
  }
  // What a masked weight would like to do must not shorten the step of the others.
  if (plan.clipNorm !== null) gradient = clipByNorm(b, keepOnly(b, gradient, keep), plan.clipNorm);
  const step = optimizer.append(b, {
    parameters: inputs.parameters,
    gradient,
    slots: inputs.slots.slice(0, optimizer.slotNames.length),
    hyper: hyper.slice(0, optimizer.hyperNames.length),
    decay: (weightDecay) => (decays(plan, weightDecay) ? constant(b, plan, decayOf(plan, weightDecay)) : null),
  });
  const scales = plan.learningRateScale.size === 0 ? null : constant(b, plan, scaleOf(plan));
  const delta = scales === null ? step.delta : b.op('Mul', [step.delta, scales]);
  let parameters = b.op('Sub', [inputs.parameters, delta]);
  if (regularizer?.method === 'proximal' && penalized !== null) {
    const rate = scales === null ? hyper[0]! : b.op('Mul', [hyper[0]!, scales]);
    parameters = softThreshold(b, parameters, b.op('Mul', [rate, constant(b, plan, penalized)]));
  }
  parameters = keepOnly(b, parameters, keep);
  return {
    parameters,
    slots: [
      ...step.slots.map((slot) => keepOnly(b, slot, keep)),
      ...(average === null ? [] : [addToAverage(b, inputs.slots.at(-1)!, parameters, hyper.at(-1)!)]),
    ],
  };
}

/** The values of a vector of hyperparameters. */
export function splitHyper(b: GraphBuilder, hyper: Value): Value[] {
  const count = hyper.shape![0] as number;
  if (count === 1) return [hyper];
  return b.ops('Split', [hyper, b.ints(Array(count).fill(1))], count, { axis: 0 });
}

/** The value where kept, else +0 (never −0, which a product with 0 could give). */
function keepOnly(b: GraphBuilder, value: Value, keep: Value | null): Value {
  return keep === null ? value : b.op('Where', [keep, value, b.scalar(0)]);
}

function penaltyOf({ layout, roles }: UpdatePlan, { lambda, parameters }: L1Regularizer): Float32Array {
  const isPenalized = (name: string): boolean => parameters?.has(name) ?? roles.get(name) === 'weight';
  return fillFlat(layout, ({ name }) => (isPenalized(name) ? lambda : 0));
}

/** False if no tensor decays. Asks about all of them, also where the plan is for a slice: its operators do not depend on the slices. */
function decays(plan: UpdatePlan, base: number): boolean {
  return [...plan.roles.keys()].some((name) => decayOfTensor(plan, name, base) !== 0);
}

function decayOf(plan: UpdatePlan, base: number): Float32Array {
  return fillFlat(plan.layout, ({ name }) => decayOfTensor(plan, name, base));
}

function decayOfTensor({ roles, weightDecay }: UpdatePlan, name: string, base: number): number {
  return roles.get(name) === 'weight' ? (weightDecay.get(name) ?? base) : 0;
}

function scaleOf({ layout, learningRateScale }: UpdatePlan): Float32Array {
  return fillFlat(layout, ({ name }) => learningRateScale.get(name) ?? 1);
}

function constant(b: GraphBuilder, plan: UpdatePlan, values: Float32Array): Value {
  return b.constant(floatTensor(values, dimsOfUpdate(plan)));
}

export function dimsOfUpdate({ layout, dims }: UpdatePlan): readonly number[] {
  return dims ?? [layout.size];
}
