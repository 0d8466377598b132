import type { GraphBuilder, Value } from '../onnx/builder.js';
import { floatTensor } from '../onnx/tensor.js';
import { type FlatLayout, fillFlat } from './flat.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { ParameterRole } from './parameters.js';
import { addSubgradient, type L1Regularizer, softThreshold } from './regularizer.js';

/** Everything about the update that stays the same for a whole training run. */
export interface UpdatePlan {
  readonly layout: FlatLayout;
  /** By parameter name. */
  readonly roles: ReadonlyMap<string, ParameterRole>;
  readonly optimizer: Optimizer;
  readonly regularizer: L1Regularizer | null;
  /** Factors of the learning rate by parameter name; 1 where silent. */
  readonly learningRateScale: ReadonlyMap<string, number>;
  /** True if weights are masked: the graph then has an input `keep`. */
  readonly isMasked: boolean;
}

export interface UpdateInputs {
  /** float32 [n]. */
  readonly parameters: Value;
  readonly slots: readonly Value[];
  /** One per shard, each its share of the gradient of the mean loss; summed in this order. */
  readonly gradients: readonly Value[];
  /** float32 [number of hyperparameters]. */
  readonly hyper: Value;
  /** bool [n], false where a weight stays 0; null if the plan is not masked. */
  readonly keep: Value | null;
}

/**
 * Adds one update of the flat parameter vector: sum of the gradients → subgradient of the penalty → optimizer →
 * proximal step → mask. The mask comes last, and on the optimizer's state too: momentum would move a masked weight
 * whose gradient alone is masked.
 */
export function appendUpdate(
  b: GraphBuilder,
  plan: UpdatePlan,
  inputs: UpdateInputs,
): { parameters: Value; slots: Value[] } {
  const { layout, optimizer, regularizer } = plan;
  const hyper = splitHyper(b, inputs.hyper, optimizer.hyperNames.length);
  let gradient = inputs.gradients.reduce((sum, share) => b.op('Add', [sum, share]));
  const penalized = regularizer === null ? null : penaltyOf(plan, regularizer);
  if (regularizer?.method === 'subgradient' && penalized !== null) {
    gradient = addSubgradient(b, gradient, inputs.parameters, vector(b, penalized));
  }
  const step = optimizer.append(b, {
    parameters: inputs.parameters,
    gradient,
    slots: inputs.slots,
    hyper,
    decays: () =>
      vector(
        b,
        fillFlat(layout, ({ name }) => (plan.roles.get(name) === 'weight' ? 1 : 0)),
      ),
  });
  const scales = plan.learningRateScale.size === 0 ? null : vector(b, scaleOf(plan));
  const delta = scales === null ? step.delta : b.op('Mul', [step.delta, scales]);
  let parameters = b.op('Sub', [inputs.parameters, delta]);
  if (regularizer?.method === 'proximal' && penalized !== null) {
    const rate = scales === null ? hyper[0]! : b.op('Mul', [hyper[0]!, scales]);
    parameters = softThreshold(b, parameters, b.op('Mul', [rate, vector(b, penalized)]));
  }
  return {
    parameters: keepOnly(b, parameters, inputs.keep),
    slots: step.slots.map((slot) => keepOnly(b, slot, inputs.keep)),
  };
}

/** The value where kept, else +0 (never −0, which a product with 0 could give). */
function keepOnly(b: GraphBuilder, value: Value, keep: Value | null): Value {
  return keep === null ? value : b.op('Where', [keep, value, b.scalar(0)]);
}

function splitHyper(b: GraphBuilder, hyper: Value, count: number): Value[] {
  if (count === 1) return [hyper];
  return b.ops('Split', [hyper, b.ints(Array(count).fill(1))], count, { axis: 0 });
}

function penaltyOf({ layout, roles }: UpdatePlan, { lambda, parameters }: L1Regularizer): Float32Array {
  const isPenalized = (name: string): boolean => parameters?.has(name) ?? roles.get(name) === 'weight';
  return fillFlat(layout, ({ name }) => (isPenalized(name) ? lambda : 0));
}

function scaleOf({ layout, learningRateScale }: UpdatePlan): Float32Array {
  return fillFlat(layout, ({ name }) => learningRateScale.get(name) ?? 1);
}

function vector(b: GraphBuilder, values: Float32Array): Value {
  return b.constant(floatTensor(values, [values.length]));
}
