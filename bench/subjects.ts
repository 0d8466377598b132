/** What the benches train: networks, data and optimizers, on Lathe's side. bench/torch_step.py has their twins. */
import { type Json, Registry } from 'onnx-lathe/core';
import { BUILT_IN_DATASETS, type Dataset, type Samples } from 'onnx-lathe/data';
import { BUILT_IN_NETWORKS, buildNetwork, type NetworkDefinition } from 'onnx-lathe/network';
import type { Model } from 'onnx-lathe/onnx';
import type { Random } from 'onnx-lathe/plugin';
import { adam, type Optimizer, sgd } from 'onnx-lathe/train';
import { complete } from '../src/core/json-schema/complete.js';
import { TRANSFORMER_INPUT, transformerBlock } from './transformer-block.js';

export interface Subject {
  readonly batch: number;
  readonly optimizer: Optimizer;
  model(random: Random): Promise<Model>;
  data(random: Random): Promise<Dataset>;
}

/** Layers of the networks on digits, which sweeps train, too. */
export const DIGITS_LAYERS = {
  mlp: [{ linear: 128 }, 'relu', { linear: 64 }, 'relu', { linear: 10 }],
  conv: [{ conv: { filters: 32, kernel: 3 } }, 'relu', { conv: { filters: 64, kernel: 3 } }, 'relu', { linear: 10 }],
} as const satisfies Readonly<Record<string, readonly Json[]>>;

const SAMPLES = 4096;
const FOLDER = process.env.FASHION_MNIST ?? '/usr/share/datasets/fashion-mnist';
const momentum = sgd({ lr: 0.01, momentum: 0.9, nesterov: false, weightDecay: 0 });

export const SUBJECTS: Readonly<Record<string, Subject>> = {
  'lenet-cifar': zoo('lenet-cifar', [3, 32, 32]),
  lenet5: zoo('lenet5', [1, 28, 28]),
  // An epoch on real data, with reading, shuffling and normalizing.
  'fashion-epoch': { ...zoo('lenet5', [1, 28, 28]), data: fashion },
  mlp: zoo('mlp', [1, 28, 28], { hidden: (process.env.HIDDEN ?? '300,100').split(',').map(Number) }),
  'digits-mlp': onDigits('mlp'),
  'digits-conv': onDigits('conv'),
  resnet8: zoo('resnet8', [3, 32, 32]),
  resnet20: zoo('resnet20', [3, 32, 32]),
  transformer: {
    batch: 16,
    optimizer: adam({ lr: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }),
    model: async (random) => transformerBlock(random),
    data: async (random) => noise(TRANSFORMER_INPUT, random),
  },
};

function zoo(name: string, inputShape: readonly number[], options: Readonly<Record<string, number[]>> = {}): Subject {
  return {
    batch: 64,
    optimizer: momentum,
    data: async (random) => noise(inputShape, random),
    async model(random) {
      const registry = new Registry<NetworkDefinition>('network');
      for (const definition of BUILT_IN_NETWORKS) registry.add(definition);
      const schema = registry.get(name)!.options;
      const completed = complete(schema, options) as Readonly<Record<string, number[]>>;
      return buildNetwork(
        { kind: 'uses', uses: name, options: completed },
        { inputShape, outputs: 10, random, registry },
      );
    },
  };
}

function onDigits(name: keyof typeof DIGITS_LAYERS): Subject {
  const source = { kind: 'layers', layers: DIGITS_LAYERS[name], input: null } as const;
  return {
    batch: 64,
    optimizer: sgd({ lr: 0.05, momentum: 0, nesterov: false, weightDecay: 0 }),
    data: async () => read('digits', {}),
    model: async (random) =>
      buildNetwork(source, { inputShape: [1, 8, 8], outputs: 10, random, registry: new Registry('network') }),
  };
}

/** Random samples and labels in memory, as the peer has them. */
function noise(inputShape: readonly number[], random: Random): Dataset {
  const size = inputShape.reduce((product, dim) => product * dim, 1);
  const values = Float32Array.from({ length: SAMPLES * size }, () => random.normal());
  const labels = Int32Array.from({ length: SAMPLES }, () => random.int(10));
  const train: Samples = {
    count: SAMPLES,
    read(indices, x, y) {
      for (let i = 0; i < indices.length; i++) {
        const sample = indices[i]!;
        x.set(values.subarray(sample * size, (sample + 1) * size), i * size);
        y[i] = labels[sample]!;
      }
    },
  };
  return { inputShape, target: { kind: 'class', classes: 10 }, train, validation: null, test: null };
}

function fashion(): Promise<Dataset> {
  return read('idx', {
    train: { images: `${FOLDER}/train-images-idx3-ubyte.gz`, labels: `${FOLDER}/train-labels-idx1-ubyte.gz` },
  });
}

function read(uses: string, given: Json): Promise<Dataset> {
  const reader = BUILT_IN_DATASETS.find(({ name }) => name === uses)!;
  return reader.open({ options: complete(reader.options, given), signal: new AbortController().signal });
}
