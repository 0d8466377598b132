import { type BatchStatistics, buildBackward, type DropoutMask } from '../autodiff/index.js';
import type { Target } from '../data/dataset.js';
import type { GraphBuilder, Value } from '../onnx/builder.js';
import { appendCorrect } from './losses/correct.js';
import type { Loss } from './losses/loss.js';
import { appendNetwork, type NetworkPlan } from './network-plan.js';

export interface GradientCall {
  /** The trained initializers by name. */
  readonly parameters: ReadonlyMap<string, Value>;
  /** One shard's samples and labels. */
  readonly x: Value;
  readonly y: Value;
  readonly target: Target;
  readonly loss: Loss;
  readonly classWeights: readonly number[] | null;
  /** How many shards, of all micro-batches, a step has: the mean loss of one counts 1/parts, so that the gradients add up to that of all samples. */
  readonly parts: number;
  /** float32 [1]: what the gradients, not the loss, come out multiplied by; null: 1. */
  readonly factor: Value | null;
}

export interface GradientGraph {
  /** Of the shard's share of the mean loss, by entry of the layout; null where the loss does not depend on it. */
  readonly gradients: readonly (Value | null)[];
  /** float32 [2 + statistics]: share of the mean loss, correct samples, batch means and variances. */
  readonly report: Value;
  readonly statistics: readonly BatchStatistics[];
  readonly dropouts: readonly DropoutMask[];
}

/** Adds one shard's forward pass, loss and backward pass. Throws AUTODIFF_… for what has no gradient. */
export function appendGradient(b: GraphBuilder, plan: NetworkPlan, call: GradientCall): GradientGraph {
  const { x, y, target, classWeights } = call;
  const network = appendNetwork(b, plan, { x, parameters: call.parameters, training: true });
  const weights = classWeights === null ? {} : { classWeights };
  const perSample = call.loss({ b, outputs: network.ordered, x, y, target, ...weights });
  const mean = b.op('ReduceMean', [perSample], { keepdims: 0 });
  const share = call.parts === 1 ? mean : b.op('Mul', [mean, b.scalar(1 / call.parts)]);
  const correct = appendCorrect(b, network.ordered[0]!, y, target);
  const wrt = plan.layout.entries.map(({ name }) => call.parameters.get(name)!);
  const gradients = buildBackward(b, share, wrt, {
    ...(call.factor === null ? {} : { seed: b.op('Reshape', [call.factor, b.ints([])]) }),
    choose: plan.lowerings,
    channelBlock: plan.provider === 'cpu' ? plan.channelBlock : null,
  });
  const numbers = [
    b.op('Reshape', [share, b.ints([1])]),
    b.op('ReduceSum', [correct], { keepdims: 1 }),
    ...network.batchStatistics.flatMap(({ mean, variance }) => [mean, variance]),
  ];
  return {
    gradients,
    report: b.op('Concat', numbers, { axis: 0 }),
    statistics: network.batchStatistics,
    dropouts: network.masks,
  };
}
