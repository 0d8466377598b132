import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { crossEntropy, rmsprop, sgd, type TrainRequest, train } from '../../src/train/index.js';
import { halvesDataset, networkFor, weightsDigest } from './rig.js';

const LAYERS = [{ conv: { filters: 4, kernel: 3 } }, 'relu', { maxpool: 2 }, { dropout: 0.25 }, { linear: 2 }];
const WITH_NORM = [{ conv: { filters: 4, kernel: 3 } }, 'batchnorm', 'relu', { linear: 2 }];

async function request(layers: TrainLayers, changes: Partial<TrainRequest>): Promise<TrainRequest> {
  const data = halvesDataset(64, 16);
  return {
    model: await networkFor(data, layers),
    data,
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.05, momentum: 0.9, nesterov: false, weightDecay: 1e-3 }),
    length: { epochs: 2 },
    batch: 16,
    random: new Random(3),
    ...changes,
  };
}
type TrainLayers = Parameters<typeof networkFor>[1];

describe('shards', () => {
  it('the bits do not depend on the number of workers', async () => {
    const digests: string[] = [];
    for (const cores of [1, 2, 4]) {
      digests.push(weightsDigest((await train(await request(LAYERS, { shards: 4, cores }))).model));
    }
    expect(new Set(digests).size).toBe(1);
  });

  it('nor with every choice at once', async () => {
    const digests: string[] = [];
    for (const cores of [1, 2, 4]) {
      const choices = await request(LAYERS, {
        shards: 4,
        cores,
        batch: 8,
        accumulate: 2,
        optimizer: rmsprop({
          lr: 0.01,
          alpha: 0.9,
          epsilon: 1e-8,
          momentum: 0.5,
          centered: true,
          weightDecay: 1e-3,
        }),
        augment: { flip: 'horizontal', shift: 1, crop: { area: 0.7 }, rotate: 10, cutout: 2, mixup: 0.2 },
        classWeights: 'balanced',
        clipNorm: 0.5,
        average: { decay: 0.9, warmup: true },
        overrides: [{ select: { opTypes: ['Conv'] }, with: { lrFactor: 0.5 } }],
      });
      digests.push(weightsDigest((await train(choices)).model));
    }
    expect(new Set(digests).size).toBe(1);
  });

  it('two shards learn what one learns, up to rounding', async () => {
    const plain = [{ conv: { filters: 4, kernel: 3 } }, 'relu', { maxpool: 2 }, { linear: 2 }];
    const one = await train(await request(plain, { shards: 1 }));
    const two = await train(await request(plain, { shards: 2, cores: 2 }));
    expect(two.shards).toBe(2);
    two.history.forEach((entry, i) => {
      expect(entry.loss).toBeCloseTo(one.history[i]!.loss, 5);
      expect(entry.accuracy).toBe(one.history[i]!.accuracy);
    });
  });

  it('masks replaced between steps reach every worker', async () => {
    const base = await request(LAYERS, { shards: 2, masks: new Map(), length: { steps: 6 } });
    const [name, tensor] = [...base.model.graph.initializers].find(([, { dims }]) => dims.length === 4)!;
    const size = tensor.dims.reduce((product, dim) => product * dim, 1);
    const nonzero: number[] = [];
    const digests: string[] = [];
    for (const cores of [1, 2]) {
      const { model } = await train({
        ...base,
        cores,
        async onStep({ step, setMasks, readWeights }) {
          if (step === 3) await setMasks(new Map([[name, new Uint8Array(size).fill(1, 0, 7)]]));
          nonzero.push((await readWeights()).get(name)!.filter((weight) => weight !== 0).length);
        },
      });
      digests.push(weightsDigest(model));
    }
    expect(nonzero).toEqual([36, 36, 7, 7, 7, 7, 36, 36, 7, 7, 7, 7]);
    expect(digests[0]).toBe(digests[1]);
  });

  it('running statistics are those of the whole batch', async () => {
    const results: number[][] = [];
    for (const shards of [1, 2]) {
      const { model } = await train(await request(WITH_NORM, { shards, length: { steps: 1 } }));
      const norm = model.graph.nodes.find(({ opType }) => opType === 'BatchNormalization')!;
      const [mean, variance] = norm.inputs.slice(3).map((name) => model.graph.initializers.get(name)!);
      results.push([
        ...new Float32Array(mean!.bytes.slice().buffer),
        ...new Float32Array(variance!.bytes.slice().buffer),
      ]);
    }
    results[0]!.forEach((value, i) => {
      expect(results[1]![i]).toBeCloseTo(value, 5);
    });
  });

  it('stops cooperatively when it is told to', async () => {
    const controller = new AbortController();
    const running = train(
      await request(LAYERS, {
        shards: 2,
        cores: 2,
        signal: controller.signal,
        onStep: ({ step }) => {
          if (step === 2) controller.abort(new Error('enough'));
        },
      }),
    );
    await expect(running).rejects.toThrow('enough');
  });

  it('a shard count that does not divide the batch is refused', async () => {
    await expect(train(await request(LAYERS, { shards: 3 }))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[UserError: A batch of 16 samples cannot be split into 3 equal shards. Choose a number of shards that divides the batch.]`,
    );
  });
});
