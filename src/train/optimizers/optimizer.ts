import type { GraphBuilder, Value } from '../../onnx/builder.js';

/** What an optimizer works on; every vector is float32 [n], every hyperparameter float32 [1]. */
export interface OptimizerInputs {
  readonly parameters: Value;
  readonly gradient: Value;
  /** State vectors, all zero before the first step. */
  readonly slots: readonly Value[];
  /** In the order of `hyperNames`. */
  readonly hyper: readonly Value[];
  /** Makes the constant that is 1 where weight decay applies, 0 on biases and norms. */
  readonly decays: () => Value;
}

export interface OptimizerOutputs {
  /** What is subtracted from the parameters. */
  readonly delta: Value;
  readonly slots: readonly Value[];
}

/** One rule for updating weights, written once as ONNX operators over flat vectors. */
export interface Optimizer {
  readonly name: string;
  /** Base learning rate; the schedule scales it. */
  readonly learningRate: number;
  /** Names of the state vectors. */
  readonly slotNames: readonly string[];
  /** Numbers that change from step to step; the first is always the learning rate. */
  readonly hyperNames: readonly string[];
  /** Their values. @param step 1 for the first. @param learningRate of this step */
  hyper(step: number, learningRate: number): number[];
  append(b: GraphBuilder, inputs: OptimizerInputs): OptimizerOutputs;
}

/** `value + weightDecay · parameters` where decay applies; `value` itself if there is none. */
export function addDecay(
  b: GraphBuilder,
  value: Value,
  { parameters, decays }: Pick<OptimizerInputs, 'parameters' | 'decays'>,
  weightDecay: number | Value,
): Value {
  if (weightDecay === 0) return value;
  const scale = typeof weightDecay === 'number' ? b.scalar(weightDecay) : weightDecay;
  const pull = b.op('Mul', [b.op('Mul', [parameters, decays()]), scale]);
  return b.op('Add', [value, pull]);
}
