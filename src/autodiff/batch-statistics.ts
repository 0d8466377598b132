import type { GraphBuilder, Value } from '../onnx/builder.js';
import { floatTensor } from '../onnx/tensor.js';
import { add, dimsOf, reshape, sub } from './emit.js';

export interface TrainingBatchNormalization {
  readonly x: Value;
  /** [C] */
  readonly scale: Value;
  /** [C] */
  readonly bias: Value;
  readonly epsilon: number;
  readonly name?: string;
  /** Name of the first output, where it must be fixed. */
  readonly output?: string;
}

/**
 * Batch normalization with the batch's own statistics, which are its outputs 2 and 3: the mean and the population
 * variance, [C] each. With momentum 0 the running statistics that go in do not count.
 * onnxruntime writes the statistics into the very memory of those inputs, and first merges constants of equal content:
 * so each layer's must differ from every other constant of the graph, or unrelated operators read garbage.
 */
export function trainingBatchNormalization(
  b: GraphBuilder,
  { x, scale, bias, epsilon, name, output }: TrainingBatchNormalization,
): { readonly y: Value; readonly mean: Value; readonly variance: Value } {
  const channels = scale.shape![0] as number;
  const place = () => {
    const own = 1e-3 * (b.graph.initializers.size + 1) + Math.SQRT2;
    return b.constant(floatTensor(new Float32Array(channels).fill(own), [channels]));
  };
  const [y, mean, variance] = b.ops(
    'BatchNormalization',
    [x, scale, bias, place(), place()],
    3,
    { training_mode: 1, momentum: { type: 'float', value: 0 }, epsilon: { type: 'float', value: epsilon } },
    { ...(name === undefined ? {} : { name }), ...(output === undefined ? {} : { outputs: [output] }) },
  );
  return { y: y!, mean: mean!, variance: variance! };
}

/**
 * The same for values that are exact, as images are: what onnxruntime computes, x · slope + (bias − mean · slope), loses
 * the digits of |mean| / deviation, so the mean is taken off before. Behind a convolution that would gain little for two
 * more passes: its own rounding has lost such digits already.
 */
export function centeredBatchNormalization(
  b: GraphBuilder,
  normalization: TrainingBatchNormalization,
): ReturnType<typeof trainingBatchNormalization> {
  const { x } = normalization;
  const axes = dimsOf(x).flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const near = b.op('ReduceMean', [x, b.ints(axes)], { keepdims: 1 });
  const { y, mean, variance } = trainingBatchNormalization(b, { ...normalization, x: sub(b, x, near) });
  return { y, mean: add(b, reshape(b, near, [dimsOf(x)[1]!]), mean), variance };
}
