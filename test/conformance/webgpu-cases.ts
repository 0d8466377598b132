import { Random } from '../../src/core/random.js';
import { Registry } from '../../src/core/registry.js';
import type { Dataset } from '../../src/data/dataset.js';
import { buildNetwork } from '../../src/network/build.js';
import { BUILT_IN_NETWORKS, type NetworkDefinition } from '../../src/network/index.js';
import type { Model } from '../../src/onnx/ir.js';
import { adam, crossEntropy, sgd } from '../../src/train/index.js';
import type { TrainRequest } from '../../src/train/request.js';

/** A network and data of noise, small enough for a GPU that a CPU imitates. */
export interface Case {
  readonly name: string;
  readonly request: TrainRequest;
}

const BATCH = 2;
const plain = sgd({ lr: 0.01, momentum: 0.9, nesterov: false, weightDecay: 1e-4 });

/** Together they have every heavy operator: convolutions that are miscomputed, strides, batch normalization, pooling, shortcuts. */
export async function trainingCases(): Promise<Case[]> {
  return [
    await trainingCase('mlp', [1, 8, 8], { network: { hidden: [32, 16] } }),
    await trainingCase('lenet-cifar', [3, 32, 32]),
    await trainingCase('lenet-cifar', [3, 32, 32], { title: 'lenet-cifar, sharded', shards: 2, accumulate: 2 }),
    await trainingCase('resnet8', [3, 16, 16]),
  ];
}

interface CaseOptions extends Partial<Pick<TrainRequest, 'shards' | 'accumulate'>> {
  readonly title?: string;
  readonly network?: Readonly<Record<string, number[]>>;
}

export async function trainingCase(
  network: string,
  inputShape: readonly number[],
  { title = network, network: options = {}, ...more }: CaseOptions = {},
): Promise<Case> {
  const random = new Random(title);
  const registry = new Registry<NetworkDefinition>('network');
  for (const definition of BUILT_IN_NETWORKS) registry.add(definition);
  const model: Model = await buildNetwork(
    { kind: 'uses', uses: network, options },
    { inputShape, outputs: 10, random, registry },
  );
  const request: TrainRequest = {
    model,
    data: noise(inputShape, random),
    loss: crossEntropy(),
    // The only optimizer whose update depends on a gradient's sign is tried on the network without vanishing ones.
    optimizer: network === 'mlp' ? adam({ lr: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-4, weightDecay: 0 }) : plain,
    length: { steps: 2 },
    batch: BATCH * (more.shards ?? 1),
    random,
    ...more,
  };
  return { name: title, request };
}

function noise(inputShape: readonly number[], random: Random): Dataset {
  const size = inputShape.reduce((product, dim) => product * dim, 1);
  const values = Float32Array.from({ length: SAMPLES * size }, () => random.normal());
  const train = {
    count: SAMPLES,
    read(indices: readonly number[], x: Float32Array, y: Int32Array | Float32Array) {
      for (const [i, sample] of indices.entries()) {
        x.set(values.subarray(sample * size, (sample + 1) * size), i * size);
        y[i] = sample % 10;
      }
    },
  };
  return { inputShape, target: { kind: 'class', classes: 10 }, train, validation: train, test: null };
}

const SAMPLES = 16;

/** The largest difference of two lists, as a share of the largest value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let largest = Number.MIN_VALUE;
  for (let i = 0; i < expected.length; i++) {
    // NaN stays: Math.max gives it back.
    difference = Math.max(difference, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
}
