import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { cloneModel, type Model } from '../../src/onnx/ir.js';
import { floatsOf, int64Tensor } from '../../src/onnx/tensor.js';
import { crossEntropy, sgd, type TrainRequest, train } from '../../src/train/index.js';
import { halvesDataset, networkFor } from './rig.js';

const data = halvesDataset(32, 11);

async function request(changes: Partial<TrainRequest>): Promise<TrainRequest> {
  const layers = [{ conv: { filters: 4, kernel: 3 } }, 'relu', { maxpool: 2 }, { linear: 2 }];
  return {
    model: await networkFor(data, layers),
    data,
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0 }),
    length: { epochs: 2 },
    batch: 8,
    random: new Random(1),
    ...changes,
  };
}

/** The network as an exporter with a fixed batch writes it: in the declared input, and in the constant of a Reshape. */
function fixedAt(batch: number, model: Model): Model {
  const fixed = cloneModel(model);
  const { graph } = fixed;
  graph.inputs[0]!.shape = [batch, ...graph.inputs[0]!.shape!.slice(1)];
  const flatten = graph.nodes.find(({ opType }) => opType === 'Flatten')!;
  graph.initializers.set('flat', int64Tensor([batch, 36]));
  flatten.opType = 'Reshape';
  flatten.inputs = [flatten.inputs[0]!, 'flat'];
  flatten.attributes = new Map();
  return fixed;
}

function largestDifference(a: Model, b: Model): number {
  let largest = 0;
  for (const name of ['conv1.weight', 'conv1.bias', 'fc1.weight', 'fc1.bias']) {
    const [one, other] = [a, b].map(({ graph }) => floatsOf(graph.initializers.get(name)!));
    one!.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value - other![i]!));
    });
  }
  return largest;
}

describe('a network whose batch is fixed', () => {
  it.each([
    ['one at a time', 1, {}],
    ['four at a time', 4, {}],
    ['one at a time in two shards', 1, { shards: 2 }],
    ['two at a time, two batches a step', 2, { accumulate: 2 }],
  ])('learns from a whole batch, %s', async (_, size, changes) => {
    const free = await request(changes);
    const [expected, fixed] = [await train(free), await train({ ...free, model: fixedAt(size, free.model) })];
    expect(fixed.steps).toBe(expected.steps);
    expect(fixed.batch).toBe(expected.batch);
    // Sums in another order: some epsilons of float32.
    expect(largestDifference(fixed.model, expected.model)).toBeLessThan(1e-5);
    expect(fixed.kept.validationLoss).toBeCloseTo(expected.kept.validationLoss!, 5);
    expect(fixed.model.graph.inputs[0]!.shape![0]).toBe(size);
  });

  it('takes the whole batch at once where only the declared input is fixed', async () => {
    const free = await request({});
    const declared = cloneModel(free.model);
    declared.graph.inputs[0]!.shape = [1, 1, 8, 8];
    expect(largestDifference((await train({ ...free, model: declared })).model, (await train(free)).model)).toBe(0);
  });

  it('refuses a batch that its size does not divide', async () => {
    const free = await request({});
    await expect(train({ ...free, model: fixedAt(3, free.model) })).rejects.toThrowError(
      expect.objectContaining({
        code: 'TRAIN_BATCH',
        problem: 'The network takes exactly 3 samples at a time; a batch of 8 cannot be made of that.',
        fix: 'Choose a batch that is a multiple of 3, or export the network with a batch dimension of any size.',
      }),
    );
  });
});
