import type { Random } from '../core/random.js';
import type { Tensor } from '../onnx/ir.js';
import { floatTensor, sizeOf } from '../onnx/tensor.js';

/**
 * Ways to draw the weights of a layer, by the names that recipes use. `fan` is the number of inputs of one output, or, in
 * the fan-out forms, the number of outputs that one input reaches.
 * Sources: He et al. 2015, "Delving Deep into Rectifiers" (Kaiming); Glorot and Bengio 2010, "Understanding the
 * difficulty of training deep feedforward neural networks" (Xavier).
 */
export const INITIALIZERS = {
  'kaiming-normal': (fans, random) => normal(Math.sqrt(2 / fans.in), random),
  'kaiming-normal-fan-out': (fans, random) => normal(Math.sqrt(2 / fans.out), random),
  'kaiming-uniform': (fans, random) => uniform(Math.sqrt(6 / fans.in), random),
  'kaiming-uniform-fan-out': (fans, random) => uniform(Math.sqrt(6 / fans.out), random),
  'xavier-normal': (fans, random) => normal(Math.sqrt(2 / (fans.in + fans.out)), random),
  'xavier-uniform': (fans, random) => uniform(Math.sqrt(6 / (fans.in + fans.out)), random),
  zeros: () => () => 0,
} as const satisfies Record<string, (fans: Fans, random: Random) => () => number>;

export type InitializerName = keyof typeof INITIALIZERS;

export interface Fans {
  readonly in: number;
  readonly out: number;
}

/** The option `initializer` of layers and built-in networks. */
export function initializerSchema<const D extends InitializerName>(name: D) {
  return {
    enum: Object.keys(INITIALIZERS) as InitializerName[],
    default: name,
    description: 'How weights are drawn; biases start at 0.',
  } as const;
}

/**
 * A weight with fresh values.
 * @param dims Conv [O, I/groups, kH, kW] or Gemm [O, I]
 * @param random the tensor's own stream
 */
export function drawWeight(dims: readonly number[], initializer: InitializerName, random: Random): Tensor {
  const [outputs = 1, inputs = 1, ...kernel] = dims;
  const area = sizeOf(kernel);
  const draw = INITIALIZERS[initializer]({ in: inputs * area, out: outputs * area }, random);
  return floatTensor(Float32Array.from({ length: sizeOf(dims) }, draw), dims);
}

function normal(deviation: number, random: Random): () => number {
  return () => deviation * random.normal();
}

function uniform(bound: number, random: Random): () => number {
  return () => bound * (2 * random.uniform() - 1);
}
