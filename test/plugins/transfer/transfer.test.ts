import { beforeAll, describe, expect, it } from 'vitest';
import transfer from '../../../plugins/transfer/index.js';
import { Random } from '../../../src/core/random.js';
import { floatsOf, type Model } from '../../../src/onnx/index.js';
import { crossEntropy, sgd, train } from '../../../src/train/index.js';
import { blobNetwork, blobs } from '../../support/blobs.js';
import { runStage, stageOptions } from '../../support/run-stage.js';

const data = blobs();
const TRAINING = { data: 'blobs', epochs: 4, batch: 32, optimizer: { sgd: { lr: 0.1 } } };

function weights(model: Model, name: string): number[] {
  return [...floatsOf(model.graph.initializers.get(name)!)];
}

/** A trained network: what it knows can be passed on. */
let teacher: Model;
beforeAll(async () => {
  const result = await train({
    model: blobNetwork(16, 1),
    data,
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0 }),
    length: { epochs: 6 },
    batch: 32,
    random: new Random(1),
  });
  teacher = result.model;
});

describe('the stage transfer, method copy', () => {
  it('copies without training, and reports every tensor', async () => {
    const { model, metrics, lines } = await runStage(
      transfer,
      { method: 'copy', epochs: 0 },
      { inputs: { source: teacher, model: blobNetwork(16, 9, ['fc1', 'head']) } },
    );
    expect(weights(model, 'fc1.weight')).toEqual(weights(teacher, 'fc1.weight'));
    expect(weights(model, 'head.weight')).toEqual(weights(blobNetwork(16, 9, ['fc1', 'head']), 'head.weight'));
    expect(metrics.mapping).toHaveLength(6);
    expect(lines).toEqual([
      'copied: fc1.weight → fc1.weight',
      'copied: fc1.bias → fc1.bias',
      'unmatched: fc2.weight →',
      'unmatched: fc2.bias →',
      'unmatched: → head.weight',
      'unmatched: → head.bias',
    ]);
  });

  it('finetunes a fresh network while frozen layers keep the copied bits', async () => {
    const { model, metrics } = await runStage(
      transfer,
      {
        method: 'copy',
        network: 'mlp',
        map: [{ from: 'fc1(.*)', to: 'fc1$1' }],
        freeze: { include: ['fc1'] },
        ...TRAINING,
      },
      { inputs: { source: teacher }, data, network: blobNetwork(16, 9) },
    );
    expect(weights(model, 'fc1.weight')).toEqual(weights(teacher, 'fc1.weight'));
    expect(weights(model, 'fc2.weight')).not.toEqual(weights(blobNetwork(16, 9), 'fc2.weight'));
    expect(metrics.accuracy).toBeGreaterThan(0.9);
  });

  it('keeps the zeros of a pruned source while it finetunes', async () => {
    const sparse = blobNetwork(16, 1);
    const values = floatsOf(sparse.graph.initializers.get('fc2.weight')!).map((weight, i) =>
      i % 2 === 0 ? 0 : weight,
    );
    const { initializers } = sparse.graph;
    initializers.set('fc2.weight', { ...initializers.get('fc2.weight')!, bytes: new Uint8Array(values.buffer) });
    const { model } = await runStage(
      transfer,
      { method: 'copy', ...TRAINING },
      { inputs: { source: sparse, model: blobNetwork(16, 9) }, data },
    );
    expect(weights(model, 'fc2.weight').filter((_, i) => i % 2 === 0)).toEqual(new Array(24).fill(0));
  });
});

describe('the stage transfer, method distill', () => {
  it('trains a smaller network to the answers of the teacher, without labels where alpha is 1', async () => {
    const { model, metrics } = await runStage(
      transfer,
      { method: 'distill', network: 'small', alpha: 1, temperature: 2, ...TRAINING, epochs: 8 },
      { inputs: { teacher }, data, network: blobNetwork(4, 5) },
    );
    expect(weights(model, 'fc1.weight')).toHaveLength(8);
    expect(metrics.accuracy).toBeGreaterThan(0.9);
    expect(metrics).not.toHaveProperty('mapping');
  });

  it('with alpha 0 gives the bits of plain training', async () => {
    const { model } = await runStage(
      transfer,
      { method: 'distill', alpha: 0, ...TRAINING },
      { inputs: { teacher, model: blobNetwork(4, 5) }, data },
    );
    const plain = await train({
      model: blobNetwork(4, 5),
      data,
      loss: crossEntropy(),
      optimizer: sgd({ lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0 }),
      length: { epochs: 4 },
      batch: 32,
      batchNorm: 'train',
      random: new Random(1),
    });
    expect(model.graph.initializers).toEqual(plain.model.graph.initializers);
  });

  it('takes the plain model as teacher where a network is the student', async () => {
    const setup = { data, network: blobNetwork(4, 5) };
    const options = { method: 'distill', network: 'small', ...TRAINING };
    const named = await runStage(transfer, options, { ...setup, inputs: { teacher } });
    const plain = await runStage(transfer, options, { ...setup, inputs: { model: teacher } });
    expect(plain.model.graph.initializers).toEqual(named.model.graph.initializers);
  });
});

describe('the stage transfer', () => {
  it.each([
    ['copy without a source', { method: 'copy', epochs: 0 }, ['model'], 'method: copy has no source.'],
    ['copy without a target', { method: 'copy', epochs: 0 }, ['source'], 'method: copy has no target.'],
    [
      'distillation with the slot of copy',
      { method: 'distill', ...TRAINING },
      ['source', 'model'],
      'method: distill has a slot teacher, not source. Write from: { teacher: … }.',
    ],
    [
      'two targets',
      { method: 'copy', network: 'mlp', ...TRAINING },
      ['source', 'model'],
      'Both network: mlp and the slot model name a target.',
    ],
    ['a network without any model', { method: 'copy', network: 'mlp', ...TRAINING }, [], 'method: copy has no source.'],
    [
      'training without data',
      { method: 'copy' },
      ['source', 'model'],
      'method: copy trains for 5 epochs and needs data. Add data: with a name under data, or epochs: 0 to copy only.',
    ],
    [
      'a network without data',
      { method: 'copy', network: 'mlp', epochs: 0 },
      ['source'],
      'The network "mlp" takes its input shape and number of classes from data, which is missing.',
    ],
    [
      'a map for distillation',
      { method: 'distill', map: [{ from: 'a', to: 'b' }], ...TRAINING },
      ['teacher', 'model'],
      'method: distill takes no map.',
    ],
    ['distillation of no epochs', { method: 'distill', epochs: 0 }, ['teacher', 'model'], 'epochs: 0 distils nothing.'],
    [
      'frozen layers without training',
      { method: 'copy', epochs: 0, freeze: { include: ['fc1'] } },
      ['source', 'model'],
      'freeze has no meaning with epochs: 0.',
    ],
  ])('refuses %s', (_, options, slots, message) => {
    expect(() => stageOptions(transfer, options, slots)).toThrow(message);
  });
});
