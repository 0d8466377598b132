import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { crossEntropy, sgd, type TrainRequest, train } from '../../src/train/index.js';
import { settingsByName } from '../../src/train/overrides.js';
import { halvesDataset, networkFor } from './rig.js';

const data = halvesDataset(32);
const LAYERS = [{ conv: { filters: 4, kernel: 3 } }, 'batchnorm', 'relu', { linear: 4 }, 'relu', { linear: 2 }];

async function request(changes: Partial<TrainRequest>): Promise<TrainRequest> {
  return {
    model: await networkFor(data, LAYERS),
    data,
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.05, momentum: 0.9, nesterov: false, weightDecay: 0 }),
    length: { steps: 3 },
    batch: 8,
    random: new Random(1),
    ...changes,
  };
}

describe('overrides', () => {
  it('the first that matches a tensor decides, for all of its settings', async () => {
    const { learningRateScale, weightDecay, frozen } = settingsByName(
      await request({
        overrides: [
          { select: { include: ['fc1.weight'] }, with: { lrFactor: 0.1 } },
          { select: { include: ['fc1'] }, with: { lrFactor: 3, weightDecay: 0.5 } },
          { select: { include: ['fc1', 'fc2'] }, with: { freeze: true } },
        ],
      }),
    );
    expect([...learningRateScale]).toEqual([
      ['fc1.weight', 0.1],
      ['fc1.bias', 3],
    ]);
    expect([...weightDecay]).toEqual([['fc1.bias', 0.5]]);
    expect([...frozen]).toEqual(['fc2.weight', 'fc2.bias']);
  });

  it('add to what the request freezes and scales by name, which goes first', async () => {
    const { learningRateScale, frozen } = settingsByName(
      await request({
        frozen: new Set(['fc2.bias']),
        learningRateScale: new Map([['fc1.weight', 7]]),
        overrides: [
          { select: { include: ['fc1.weight'] }, with: { lrFactor: 0.1 } },
          { select: { include: ['fc1.bias'] }, with: { freeze: true } },
        ],
      }),
    );
    expect([...learningRateScale]).toEqual([['fc1.weight', 7]]);
    expect([...frozen].sort()).toEqual(['fc1.bias', 'fc2.bias']);
  });

  it('that freeze a batch normalization keep its running statistics', async () => {
    const plain = await request({});
    const norm = plain.model.graph.nodes.find(({ opType }) => opType === 'BatchNormalization')!;
    const { model, trained } = await train({
      ...plain,
      overrides: [{ select: { opTypes: ['BatchNormalization'] }, with: { freeze: true } }],
    });
    for (const name of norm.inputs.slice(1)) {
      expect(model.graph.initializers.get(name), name).toBe(plain.model.graph.initializers.get(name));
      expect(trained).not.toContain(name);
    }
    expect(trained).toContain('fc1.weight');
  });

  it('with a learning rate of 0 change nothing of their layer', async () => {
    const plain = await request({});
    const { model } = await train({
      ...plain,
      overrides: [{ select: { include: ['fc2'] }, with: { lrFactor: 0 } }],
    });
    expect(model.graph.initializers.get('fc2.weight')).toEqual(plain.model.graph.initializers.get('fc2.weight'));
    expect(model.graph.initializers.get('fc1.weight')).not.toEqual(plain.model.graph.initializers.get('fc1.weight'));
  });

  it('that match nothing are refused with what there is', async () => {
    const training = train(await request({ overrides: [{ select: { include: ['fc3'] }, with: { freeze: true } }] }));
    await expect(training).rejects.toThrow('"fc3" under include matches nothing in the model. Did you mean "fc1"?');
  });
});
