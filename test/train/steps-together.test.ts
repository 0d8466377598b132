import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { Samples } from '../../src/data/dataset.js';
import { buildTraining } from '../../src/train/build.js';
import { adam, crossEntropy, type HistoryEntry, sgd, type TrainRequest, train } from '../../src/train/index.js';
import { halvesDataset, networkFor, weightsDigest } from './rig.js';

/** The first layer has 8192 weights, enough to travel on its own. */
const LAYERS = [{ linear: 128 }, 'relu', { dropout: 0.3 }, { linear: 2 }];
/** 7 steps an epoch: no number of steps in a run divides it. */
const STEPS_PER_EPOCH = 7;

async function request(changes: Partial<TrainRequest> = {}): Promise<TrainRequest> {
  const data = halvesDataset(STEPS_PER_EPOCH * 16, 32);
  return {
    model: await networkFor(data, LAYERS),
    data,
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.05, momentum: 0.9, nesterov: false, weightDecay: 1e-3 }),
    length: { epochs: 3 },
    batch: 16,
    random: new Random(3),
    shards: 1,
    now: () => 0,
    ...changes,
  };
}

interface Outcome {
  readonly weights: string;
  readonly history: readonly HistoryEntry[];
  readonly losses: readonly number[];
}

async function outcome(of: TrainRequest): Promise<Outcome> {
  const losses: number[] = [];
  const { model, history } = await train({ ...of, onProgress: ({ loss }) => void losses.push(loss) });
  return { weights: weightsDigest(model), history, losses };
}

/** Looks at every step, so that each is a run of its own. */
const WATCHED = { onStep: () => {} };

async function masked(): Promise<Partial<TrainRequest>> {
  const { model } = await request();
  const masks = [...model.graph.initializers].map(([name, { bytes }]): [string, Uint8Array] => [
    name,
    Uint8Array.from({ length: bytes.length / 4 }, (_, i) => (i % 3 === 0 ? 0 : 1)),
  ]);
  return { masks: new Map(masks) };
}

describe('several steps in a run', () => {
  it('are what a network of this size gets, unless every step is watched', async () => {
    const together = buildTraining(await request(), null, null).program.graphs;
    const apart = buildTraining(await request(WATCHED), null, null).program.graphs;
    expect(together).toMatchObject({ kind: 'fused', stepsPerRun: 64, pieces: [{ end: 8192 }, { start: 8192 }] });
    expect(apart).toMatchObject({ kind: 'fused', stepsPerRun: 1, pieces: [{ start: 0 }] });
  });

  it.each<[string, () => Promise<Partial<TrainRequest>>]>([
    ['plain', async () => ({})],
    [
      'momentum alone, which is kept in another form',
      async () => ({ optimizer: sgd({ lr: 0.05, momentum: 0.9, nesterov: false, weightDecay: 0 }) }),
    ],
    ['Adam', async () => ({ optimizer: adam({ lr: 1e-3, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 }) })],
    ['masks', masked],
    ['a clipped gradient', async () => ({ clipNorm: 0.1 })],
    [
      'an average and a penalty',
      async () => ({
        average: { decay: 0.9, warmup: true },
        regularizer: { kind: 'l1', lambda: 1e-3, method: 'proximal' },
      }),
    ],
    ['a schedule', async () => ({ schedule: ({ step }) => 1 / (1 + step) })],
    [
      'augmented and weighted samples',
      async () => ({
        augment: { shift: 1, mixup: 0.2 },
        classWeights: [1, 2],
      }),
    ],
  ])('end with the bits of single ones: %s', async (_, changes) => {
    const choices = await request(await changes());
    const together = await outcome(choices);
    expect(together.losses).toHaveLength(3 * STEPS_PER_EPOCH);
    expect(await outcome({ ...choices, ...WATCHED })).toEqual(together);
  });

  it.each([0, 1e-3])(
    'also past the step at which the state is looked after, with weight decay %s',
    async (weightDecay) => {
      const optimizer = sgd({ lr: 0.05, momentum: 0.9, nesterov: false, weightDecay });
      const choices = await request({ length: { steps: 140 }, keep: 'last', optimizer });
      expect(await outcome({ ...choices, ...WATCHED })).toEqual(await outcome(choices));
    },
  );

  it('end before a step that is watched', async () => {
    const seen: number[] = [];
    const digestsOf = async (watches: (step: number) => boolean): Promise<string[]> => {
      const digests: string[] = [];
      await train(
        await request({
          watches,
          async onStep({ step, readWeights }) {
            seen.push(step);
            digests.push(new Random([...(await readWeights())].map(([, values]) => values.join()).join()).seed);
          },
        }),
      );
      return digests;
    };
    const all = await digestsOf(() => true);
    const some = await digestsOf((step) => step === 5 || step === 6 || step === 17);
    expect(seen.slice(3 * STEPS_PER_EPOCH)).toEqual([5, 6, 17]);
    expect(some).toEqual([all[4], all[5], all[16]]);
  });

  it('stop at the step whose loss is no number', async () => {
    const clean = halvesDataset(STEPS_PER_EPOCH * 16, 32);
    // Of the second epoch, the batch with this sample is somewhere in the middle.
    const noisy: Samples = {
      count: clean.train.count,
      read(indices, x, y) {
        clean.train.read(indices, x, y);
        reads++;
        if (reads === STEPS_PER_EPOCH + 4) x[10] = Number.NaN;
      },
    };
    let reads = 0;
    const failures: string[] = [];
    const losses: number[][] = [];
    for (const watch of [{}, WATCHED]) {
      reads = 0;
      const seen: number[] = [];
      const choices = await request({ ...watch, data: { ...clean, train: noisy } });
      const failure = await train({ ...choices, onProgress: ({ loss }) => void seen.push(loss) }).catch(String);
      failures.push(String(failure));
      losses.push(seen);
    }
    expect(failures[0]).toMatch(/at step 11,.*The first bad value is in the samples/);
    expect(failures[1]).toBe(failures[0]);
    expect(losses[0]).toHaveLength(10);
    expect(losses[1]).toEqual(losses[0]);
  });

  it('lead to the weights in which a bad value is found', async () => {
    const failures: string[] = [];
    for (const watch of [{}, WATCHED]) {
      const schedule = ({ step }: { readonly step: number }) => (step === 3 ? 1e30 : 1);
      const choices = await request({ ...watch, schedule });
      failures.push(String(await train(choices).catch((error: unknown) => error)));
    }
    expect(failures[0]).toMatch(/at step 5, with learning rate/);
    expect(failures[1]).toBe(failures[0]);
  });
});
