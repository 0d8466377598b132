/**
 * Training steps of one network in Lathe, on demand; bench/train-step.ts drives it: npx jiti bench/lathe-step.ts NETWORK BATCH CORES
 * Reads lines from standard input, each a number of steps; runs them and answers with the milliseconds they took.
 */
import { createInterface } from 'node:readline';
import { Registry } from 'onnx-lathe/core';
import type { Dataset, Samples } from 'onnx-lathe/data';
import { BUILT_IN_NETWORKS, buildNetwork, type NetworkDefinition } from 'onnx-lathe/network';
import { Random } from 'onnx-lathe/plugin';
import { constantSchedule, crossEntropy, sgd, train } from 'onnx-lathe/train';

const [network = 'lenet-cifar', batch = '64', cores = '1'] = process.argv.slice(2);
const INPUT_SHAPES: Readonly<Record<string, readonly number[]>> = { mlp: [1, 28, 28], lenet5: [1, 28, 28] };
const OPTIONS: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = { mlp: { hidden: [300, 100] } };
const SAMPLES = 4096;

const random = new Random('bench');
const inputShape = INPUT_SHAPES[network] ?? [3, 32, 32];
const registry = new Registry<NetworkDefinition>('network');
for (const definition of BUILT_IN_NETWORKS) registry.add(definition);
const model = await buildNetwork(
  { kind: 'uses', uses: network, options: OPTIONS[network] ?? {} },
  { inputShape, outputs: 10, random, registry },
);

const commands = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
let remaining = 1;
let startedAt = 0;
await train({
  model,
  data: noise(inputShape),
  loss: crossEntropy(),
  optimizer: sgd({ lr: 0.01, momentum: 0.9, nesterov: false, weightDecay: 0 }),
  schedule: constantSchedule({ warmup: 0 }),
  length: { steps: Number.MAX_SAFE_INTEGER },
  batch: Number(batch),
  random,
  cores: Number(cores),
  async onStep({ step }) {
    remaining--;
    if (remaining > 0) return;
    // The first step only makes the session warm.
    process.stdout.write(step === 1 ? 'ready\n' : `${performance.now() - startedAt}\n`);
    const { value, done } = await commands.next();
    if (done === true) process.exit(0);
    remaining = Number(value);
    startedAt = performance.now();
  },
});

/** Random samples and labels in memory, as the peer has them. */
function noise(shape: readonly number[]): Dataset {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const values = Float32Array.from({ length: SAMPLES * size }, () => random.normal());
  const labels = Int32Array.from({ length: SAMPLES }, () => random.int(10));
  const samples: Samples = {
    count: SAMPLES,
    read(indices, x, y) {
      for (let i = 0; i < indices.length; i++) {
        const sample = indices[i]!;
        x.set(values.subarray(sample * size, (sample + 1) * size), i * size);
        y[i] = labels[sample]!;
      }
    },
  };
  return { inputShape: shape, target: { kind: 'class', classes: 10 }, train: samples, validation: null, test: null };
}
