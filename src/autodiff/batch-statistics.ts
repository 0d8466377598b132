import type { GraphBuilder, Value } from '../onnx/builder.js';
import { floatTensor, sizeOf } from '../onnx/tensor.js';
import { add, channelSums, dimsOf, reshape, sub, scale as times } from './emit.js';

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
 * Batch normalization with the batch's own statistics: the mean and the population variance, [C] each. With momentum 0 the running
 * statistics that go in do not count.
 * What onnxruntime computes, x · slope + (bias − mean · slope), loses the digits of |mean| / deviation, and so would the gradient of what it
 * is given; so the mean is taken off before, as well as one sum knows it. The result does not depend on what is taken off, so no gradient goes there.
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
  const near = times(b, channelSums(b, x), channels / sizeOf(dimsOf(x)));
  b.detached.add(near.name);
  const centered = sub(b, x, reshape(b, near, [channels, ...dimsOf(x).slice(2).fill(1)]));
  const [y, rest, variance] = b.ops(
    'BatchNormalization',
    [centered, scale, bias, place(), place()],
    3,
    { training_mode: 1, momentum: { type: 'float', value: 0 }, epsilon: { type: 'float', value: epsilon } },
    { ...(name === undefined ? {} : { name }), ...(output === undefined ? {} : { outputs: [output] }) },
  );
  return { y: y!, mean: add(b, near, rest!), variance: variance! };
}
