import type { Dataset } from '../data/dataset.js';
import type { GraphBuilder, Value } from '../onnx/builder.js';
import type { FlatLayout } from './flat.js';
import { splitFlat } from './flat.js';
import { appendCorrect } from './losses/correct.js';
import type { Loss } from './losses/loss.js';
import { appendNetwork, builderFor, type NetworkPlan } from './network-plan.js';
import { EVALUATION_NAMES, labelDims } from './validator.js';

/** What stays the same in all evaluations of a run. */
export interface EvaluationCall {
  readonly data: Dataset;
  readonly batch: number;
  readonly loss: Loss;
  readonly statistics: FlatLayout;
}

/** The network in inference form with flat weights and running statistics; its loss and its correct samples, summed over a batch. */
export function buildEvaluation(plan: NetworkPlan, { data, batch, loss, statistics }: EvaluationCall): GraphBuilder {
  const b = builderFor(plan, 'validation');
  const names = EVALUATION_NAMES;
  const { target } = data;
  const parameters = splitFlat(b, b.input(names.parameters, 'float32', [plan.layout.size]), plan.layout);
  const x = b.input(names.x, 'float32', [batch, ...data.inputShape]);
  const y = b.input(names.y, target.kind === 'class' ? 'int32' : 'float32', labelDims(data, batch));
  const weights = b.input(names.weights, 'float32', [batch]);
  const bindings =
    statistics.size === 0
      ? new Map<string, Value>()
      : splitFlat(b, b.input(names.statistics, 'float32', [statistics.size]), statistics);
  const { ordered } = appendNetwork(b, plan, { x, parameters, bindings, training: false });
  const sums = [loss({ b, outputs: ordered, x, y, target }), appendCorrect(b, ordered[0]!, y, target)].map(
    (perSample) => b.op('ReduceSum', [b.op('Mul', [perSample, weights])], { keepdims: 1 }),
  );
  b.output(b.op('Concat', sums, { axis: 0 }), names.report);
  return b;
}
