import { type BatchStatistics, buildBackward, type DropoutMask } from '../autodiff/index.js';
import type { Target } from '../data/dataset.js';
import type { GraphBuilder, Value } from '../onnx/builder.js';
import { concatFlat } from './flat.js';
import { appendCorrect } from './losses/correct.js';
import type { Loss } from './losses/loss.js';
import { appendNetwork, type NetworkPlan } from './network-plan.js';

export interface GradientCall {
  /** float32 [n]. */
  readonly parameters: Value;
  /** One shard's samples and labels. */
  readonly x: Value;
  readonly y: Value;
  readonly target: Target;
  readonly loss: Loss;
  /** The shard's mean loss counts 1/shards, so that the gradients of all shards add up to that of the whole batch. */
  readonly shards: number;
}

export interface GradientGraph {
  /** float32 [n], of the shard's share of the mean loss. */
  readonly gradient: Value;
  /** float32 [2 + statistics]: share of the mean loss, correct samples, batch means and variances. */
  readonly report: Value;
  readonly statistics: readonly BatchStatistics[];
  readonly dropouts: readonly DropoutMask[];
}

/** Adds one shard's forward pass, loss and backward pass. Throws AUTODIFF_… for what has no gradient. */
export function appendGradient(b: GraphBuilder, plan: NetworkPlan, call: GradientCall): GradientGraph {
  const { x, y, target } = call;
  const network = appendNetwork(b, plan, { x, parameters: call.parameters, training: true });
  const perSample = call.loss({ b, outputs: network.ordered, x, y, target });
  const mean = b.op('ReduceMean', [perSample], { keepdims: 0 });
  const share = call.shards === 1 ? mean : b.op('Mul', [mean, b.scalar(1 / call.shards)]);
  const correct = appendCorrect(b, network.ordered[0]!, y, target);
  const wrt = plan.layout.entries.map(({ name }) => network.parameters.get(name)!);
  const gradient = concatFlat(b, buildBackward(b, share, wrt), plan.layout);
  const numbers = [
    b.op('Reshape', [share, b.ints([1])]),
    b.op('ReduceSum', [correct], { keepdims: 1 }),
    ...network.batchStatistics.flatMap(({ mean, variance }) => [mean, variance]),
  ];
  return {
    gradient,
    report: b.op('Concat', numbers, { axis: 0 }),
    statistics: network.batchStatistics,
    dropouts: network.masks,
  };
}
