import type { GraphBuilder, Value } from '../../onnx/builder.js';

/** What an optimizer works on; every vector is float32 [n], every hyperparameter float32 [1]. */
export interface OptimizerInputs {
  readonly parameters: Value;
  readonly gradient: Value;
  /** State vectors, all zero before the first step. */
  readonly slots: readonly Value[];
  /** In the order of `hyperNames`. */
  readonly hyper: readonly Value[];
  /** Makes the vector of every element's weight decay: `weightDecay` unless an override says otherwise, 0 on biases and norms. Null: all 0. */
  readonly decay: (weightDecay: number) => Value | null;
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
  /** The same rule with less work, where gradients can come out multiplied by a factor. */
  readonly grown?: GrownRule | null;
  /** Of a grown rule in use. */
  readonly stateFactor?: number;
}

/**
 * What takes the place of an optimizer's members. Gradients have to arrive multiplied by the last hyperparameter; the first one is not the
 * learning rate itself.
 */
export interface GrownRule extends Pick<Optimizer, 'hyperNames' | 'hyper' | 'append'> {
  /** What the state vectors are multiplied by at every upkeep. */
  readonly stateFactor: number;
}

/** `value + rate · decay · parameters`; `value` itself where nothing decays. @param rate default 1 */
export function addDecay(
  b: GraphBuilder,
  value: Value,
  { parameters, decay }: Pick<OptimizerInputs, 'parameters' | 'decay'>,
  weightDecay: number,
  rate?: Value,
): Value {
  const strength = decay(weightDecay);
  if (strength === null) return value;
  const scale = rate === undefined ? strength : b.op('Mul', [strength, rate]);
  return b.op('Add', [value, b.op('Mul', [parameters, scale])]);
}
