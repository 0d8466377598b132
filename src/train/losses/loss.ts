import type { Target } from '../../data/dataset.js';
import type { GraphBuilder, Value } from '../../onnx/builder.js';
import { int32Tensor } from '../../onnx/tensor.js';

/** What a loss may look at while its part of the graph is built. N is the number of samples. */
export interface LossContext {
  readonly b: GraphBuilder;
  /** The network's outputs, [N, …]; the first is the one that labels judge. */
  readonly outputs: readonly Value[];
  /** The batch, float32 [N, …]: for a loss that runs another network on it (distillation). */
  readonly x: Value;
  /**
   * Class targets: int32 [N], or float32 [N, classes] with the share of each class where samples are mixed or classes
   * weighted. Value targets: float32 [N, …shape].
   */
  readonly y: Value;
  readonly target: Target;
  /** Factor of each class's part of the loss: for cross-entropy. */
  readonly classWeights?: readonly number[];
}

/** Adds the loss of every sample, float32 [N]. Training takes the mean over the batch. */
export type Loss = (context: LossContext) => Value;

/** The target as numbers beside the output: one-hot (or shares) [N, classes] for classes, [N, values] else. */
export function targetMatrix({ b, y, target }: LossContext): Value {
  if (target.kind === 'value' || y.dataType === 'float32') return b.op('Flatten', [y], { axis: 1 });
  return oneHot(b, y, target.classes);
}

/** Output minus target, [N, values]. */
export function outputError(context: LossContext): Value {
  const { b, outputs } = context;
  return b.op('Sub', [b.op('Flatten', [outputs[0]!], { axis: 1 }), targetMatrix(context)]);
}

/** The input of the activation that an output comes from, if that is what it comes from; else the output itself. */
export function beforeActivation(b: GraphBuilder, output: Value, opType: 'Softmax' | 'Sigmoid'): Value {
  const producer = b.graph.nodes.find((node) => node.outputs[0] === output.name);
  return producer?.opType === opType && producer.domain === '' ? b.value(producer.inputs[0]!) : output;
}

/** 1 at each row's class, else 0: float32 [N, classes]. @param y int32 [N] */
export function oneHot(b: GraphBuilder, y: Value, classes: number): Value {
  const numbers = b.constant(int32Row(classes), `classes:${classes}`);
  const isClass = b.op('Equal', [b.op('Unsqueeze', [y, b.ints([1])]), numbers]);
  return b.op('Cast', [isClass], { to: FLOAT });
}

/** TensorProto.FLOAT. */
const FLOAT = 1;

function int32Row(n: number): Parameters<GraphBuilder['constant']>[0] {
  return int32Tensor(
    Int32Array.from({ length: n }, (_, i) => i),
    [1, n],
  );
}
