import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { floatsOf } from '../../src/onnx/tensor.js';
import { buildTraining } from '../../src/train/build.js';
import { cosineSchedule, crossEntropy, sgd, type TrainRequest, train } from '../../src/train/index.js';
import { networkFor, pointsDataset } from './rig.js';

const plain = { lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0 };

async function request(changes: Partial<TrainRequest> = {}): Promise<TrainRequest> {
  const data = pointsDataset(128);
  return {
    model: await networkFor(data, [{ linear: 3 }]),
    data,
    loss: crossEntropy(),
    optimizer: sgd(plain),
    length: { steps: 300 },
    batch: 16,
    random: new Random(3),
    shards: 1,
    ...changes,
  };
}

async function weightsOf(changes: Partial<TrainRequest> = {}): Promise<number[]> {
  const { model } = await train(await request(changes));
  return [...model.graph.initializers.values()].flatMap((tensor) => [...floatsOf(tensor)]);
}

async function factorsWith(changes: Partial<TrainRequest>): Promise<readonly number[]> {
  return buildTraining(await request(changes), null, null).program.slotFactors;
}

describe('momentum that grows', () => {
  it('is what one shard gets whose gradients are the only thing that moves weights', async () => {
    expect(await factorsWith({})).toEqual([0.9 ** 128]);
    expect(await factorsWith({ average: { decay: 0.9, warmup: true } })).toEqual([0.9 ** 128, 1]);
    const others: Partial<TrainRequest>[] = [
      { shards: 2 },
      { accumulate: 2 },
      { clipNorm: 1 },
      { regularizer: { kind: 'l1', lambda: 0.1, method: 'proximal' } },
      { optimizer: sgd({ ...plain, weightDecay: 0.1 }) },
      { optimizer: sgd({ ...plain, nesterov: true }) },
      // Within 128 steps it would grow by 5e15.
      { optimizer: sgd({ ...plain, momentum: 0.75 }) },
    ];
    for (const changes of others) expect(await factorsWith(changes)).toEqual([1]);
  });

  // Two shards keep the momentum itself, as PyTorch does; the steps after 128 and 256 follow an upkeep.
  it.each<[string, Partial<TrainRequest>]>([
    ['a constant learning rate', {}],
    ['one that falls to 0 and is 0 before', { schedule: (at) => (at.step < 9 ? 0 : cosineSchedule()(at)) }],
    ['an average', { average: { decay: 0.99, warmup: false } }],
    ['the least momentum', { optimizer: sgd({ ...plain, momentum: 0.8 }) }],
    ['much momentum', { optimizer: sgd({ ...plain, momentum: 0.99 }) }],
  ])('leads to the weights of momentum as it is, up to rounding: %s', async (_, changes) => {
    const grown = await weightsOf(changes);
    const usual = await weightsOf({ ...changes, shards: 2 });
    const largest = Math.max(...usual.map(Math.abs));
    const error = Math.max(...grown.map((weight, i) => Math.abs(weight - usual[i]!)));
    expect(largest).toBeGreaterThan(1);
    expect(error / largest).toBeLessThan(1e-5);
  });
});
