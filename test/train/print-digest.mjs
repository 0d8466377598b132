// Trains a small network on the compiled package and prints the digest of its weights: node print-digest.mjs SHARDS CORES [CHOICES], a JSON object that goes into the request
import { createHash } from 'node:crypto';
import { Random, Registry } from '../../dist/src/core/index.js';
import { buildNetwork } from '../../dist/src/network/index.js';
import { adam, crossEntropy, train } from '../../dist/src/train/index.js';

const [shards, cores] = process.argv.slice(2, 4).map(Number);
const choices = JSON.parse(process.argv[4] ?? '{}');
const random = new Random(11);
const count = 48;
const x = Float32Array.from({ length: 64 * count }, () => random.normal());
const y = Int32Array.from({ length: count }, () => random.int(3));
const samples = {
  count,
  read(indices, toX, toY) {
    indices.forEach((index, i) => {
      toX.set(x.subarray(64 * index, 64 * index + 64), 64 * i);
      toY[i] = y[index];
    });
  },
};
const data = {
  inputShape: [1, 8, 8],
  target: { kind: 'class', classes: 3 },
  train: samples,
  validation: samples,
  test: null,
};
const layers = [{ conv: { filters: 4, kernel: 3 } }, 'batchnorm', 'relu', { dropout: 0.5 }, { linear: 3 }];
const source = { kind: 'layers', layers, input: null };
const model = await buildNetwork(source, {
  inputShape: data.inputShape,
  outputs: 3,
  random: new Random('weights'),
  registry: new Registry('network'),
});
const optimizer = adam({ lr: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 });
const result = await train({
  model,
  data,
  loss: crossEntropy(),
  optimizer,
  length: { epochs: 3 },
  batch: 16,
  shards,
  cores,
  random: new Random(1),
  ...choices,
});
const hash = createHash('sha256');
for (const [name, { bytes }] of result.model.graph.initializers) hash.update(name).update(bytes);
process.stdout.write(hash.digest('hex'));
