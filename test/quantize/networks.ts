import { Random } from '../../src/core/random.js';
import { floatTensor, GraphBuilder, type Model, sizeOf, type Tensor } from '../../src/onnx/index.js';
import { floatFeed, Session, type SessionOptions } from '../../src/runtime/session.js';

/** Standard normal weights times `scale`. */
export function randomTensor(random: Random, dims: readonly number[], scale = 1): Tensor {
  return floatTensor(
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal() * scale),
    dims,
  );
}

/** Values that a batch normalization of `channels` channels can have: gamma, beta, mean, variance > 0. */
export function normParameters(random: Random, channels: number): Tensor[] {
  const positive = Float32Array.from({ length: channels }, () => 0.1 + random.uniform() * 2);
  return [
    randomTensor(random, [channels]),
    randomTensor(random, [channels]),
    randomTensor(random, [channels]),
    floatTensor(positive, [channels]),
  ];
}

/** A conv net with everything static quantization treats differently: Conv, Relu, MaxPool, Conv, residual Add, pooling, Gemm. */
export function smallConvNet(seed = 1): Model {
  const random = new Random(seed);
  const b = new GraphBuilder();
  const weight = (name: string, dims: number[], scale = 0.4) => b.initializer(name, randomTensor(random, dims, scale));
  const x = b.input('x', 'float32', ['batch', 2, 8, 8]);
  const conv1 = b.op(
    'Conv',
    [x, weight('conv1.w', [4, 2, 3, 3]), weight('conv1.b', [4])],
    { pads: [1, 1, 1, 1] },
    { name: 'conv1' },
  );
  const relu1 = b.op('Relu', [conv1], {}, { name: 'relu1' });
  const pool = b.op('MaxPool', [relu1], { kernel_shape: [2, 2], strides: [2, 2] }, { name: 'pool' });
  const conv2 = b.op('Conv', [pool, weight('conv2.w', [4, 4, 3, 3])], { pads: [1, 1, 1, 1] }, { name: 'conv2' });
  const sum = b.op('Add', [conv2, pool], {}, { name: 'residual' });
  const relu2 = b.op('Relu', [sum], {}, { name: 'relu2' });
  const average = b.op('GlobalAveragePool', [relu2], {}, { name: 'average' });
  const flat = b.op('Flatten', [average], { axis: 1 }, { name: 'flatten' });
  b.output(b.op('Gemm', [flat, weight('fc.w', [5, 4]), weight('fc.b', [5])], { transB: 1 }, { name: 'fc' }), 'y');
  return b.build();
}

export interface Batch {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export function randomBatch(seed: number, dims: readonly number[]): Batch {
  const random = new Random(seed);
  return { data: Float32Array.from({ length: sizeOf(dims) }, () => random.normal()), dims };
}

/** The first output for the input "x". */
export async function run(model: Model, { data, dims }: Batch, options: SessionOptions = {}): Promise<Float32Array> {
  const session = await Session.create(model, options);
  try {
    const outputs = await session.run({ x: floatFeed(data, dims) });
    return Float32Array.from(outputs[session.outputNames[0]!]!.data as Float32Array);
  } finally {
    await session.release();
  }
}

export async function* feedsOf(...batches: Batch[]) {
  for (const { data, dims } of batches) yield { x: floatFeed(data, dims) };
}

/** Largest absolute difference, and where. */
export function largestError(actual: Float32Array, expected: Float32Array): { error: number; message: string } {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    if (Math.abs(actual[i]! - expected[i]!) > Math.abs(actual[worst]! - expected[worst]!)) worst = i;
  }
  const error = actual.length === expected.length ? Math.abs(actual[worst]! - expected[worst]!) : Number.NaN;
  return { error, message: `at ${worst}: ${actual[worst]} instead of ${expected[worst]}, off by ${error}` };
}
