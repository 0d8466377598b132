import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { allocateBatch } from '../../src/train/batches.js';
import { buildTraining } from '../../src/train/build.js';
import type { TrainingEngine } from '../../src/train/engine/engine.js';
import { createLocalEngine } from '../../src/train/engine/local-engine.js';
import { threadsAgree } from '../../src/train/engine/threads-agree.js';
import { adam, crossEntropy, sgd, type TrainRequest, train } from '../../src/train/index.js';
import { halvesDataset, networkFor, weightsDigest } from './rig.js';

/** Heavy enough for a second thread, which could change the gradient of the third layer's weights: [50, 160] · [160, 120]. */
const LAYERS = [{ linear: 400 }, 'relu', { linear: 120 }, 'relu', { linear: 50 }, 'relu', { linear: 2 }];

async function request(changes: Partial<TrainRequest> = {}): Promise<TrainRequest> {
  const data = halvesDataset(640, 32);
  return {
    model: await networkFor(data, LAYERS),
    data,
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3 }),
    length: { epochs: 2 },
    batch: 160,
    random: new Random(3),
    watches: () => false,
    ...changes,
  };
}

describe('two threads inside operators', () => {
  it('are what a dense network is made for, a small one is not', async () => {
    expect(buildTraining(await request(), null, null).program).toMatchObject({ shards: 1, graphs: { threads: 2 } });
    expect(buildTraining(await request({ batch: 8 }), null, null).program).toMatchObject({ graphs: { threads: 1 } });
  });

  it.each<[string, Partial<TrainRequest>]>([
    ['SGD', {}],
    [
      'Adam, masked',
      { optimizer: adam({ lr: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 }), masks: new Map() },
    ],
    ['a clipped gradient', { clipNorm: 0.1 }],
    ['averaged weights', { average: { decay: 0.9, warmup: true } }],
    ['one step a run', { watches: () => true, onStep: () => {} }],
  ])('give the bits of one: %s', async (_name, changes) => {
    const digests = [];
    for (const cores of [1, 2]) digests.push(weightsDigest((await train(await request({ ...changes, cores }))).model));
    expect(digests[1]).toBe(digests[0]);
  });

  it('are compared with one before they are used, and leave no trace', async () => {
    const given = await request();
    const { program, parameters, target } = buildTraining(given, null, null);
    const stepsPerRun = program.graphs.kind === 'fused' ? program.graphs.stepsPerRun : 0;
    const batch = () => allocateBatch({ inputShape: given.data.inputShape, target }, 160 * stepsPerRun);
    const batches = [batch(), batch()] as const;
    const engines = [];
    for (const threads of [1, 2]) engines.push(await createLocalEngine(program, parameters, batches, threads));
    const [one, two] = engines as [TrainingEngine, TrainingEngine];
    expect(await threadsAgree(one, two, program)).toBe(true);
    const wrong = Object.create(two, { read: { value: async () => ({ ...(await two.read()), parameters }) } });
    expect(await threadsAgree(one, wrong, program)).toBe(false);
    for (const engine of engines) {
      const { parameters: now, slots } = await engine.read();
      expect(now).toEqual(parameters);
      expect(slots[0]!.every((value) => value === 0)).toBe(true);
      await engine.release();
    }
  });
});
