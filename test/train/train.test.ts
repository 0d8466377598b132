import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { Dataset, Samples } from '../../src/data/dataset.js';
import { floatsOf } from '../../src/onnx/tensor.js';
import { crossEntropy, type Loss, meanSquaredError, sgd, type TrainRequest, train } from '../../src/train/index.js';
import { halvesDataset, networkFor, pointsDataset, weightsDigest } from './rig.js';

const OPTIMIZER = sgd({ lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0 });
const MLP = [{ linear: 16 }, 'relu', { linear: 3 }];
const CONVNET = [{ conv: { filters: 4, kernel: 3 } }, 'batchnorm', 'relu', { maxpool: 2 }, { linear: 2 }];

async function pointsRequest(changes: Partial<TrainRequest> = {}): Promise<TrainRequest> {
  const data = pointsDataset(120, 60);
  return {
    model: await networkFor(data, MLP),
    data,
    loss: crossEntropy(),
    optimizer: OPTIMIZER,
    length: { epochs: 30 },
    batch: 20,
    random: new Random(1),
    ...changes,
  };
}

describe('train', () => {
  it('learns a problem that is not linear', async () => {
    const { history, kept, trained } = await train(await pointsRequest());
    expect(history.length).toBe(30);
    expect(kept.validationAccuracy).toBeGreaterThan(0.93);
    expect(history.at(-1)!.loss).toBeLessThan(history[0]!.loss / 4);
    expect(trained.length).toBe(4);
  });

  it('leaves the given model alone and returns one with the same names', async () => {
    const request = await pointsRequest({ length: { steps: 3 } });
    const before = weightsDigest(request.model);
    const { model } = await train(request);
    expect(weightsDigest(request.model)).toBe(before);
    expect(weightsDigest(model)).not.toBe(before);
    expect([...model.graph.initializers.keys()]).toEqual([...request.model.graph.initializers.keys()]);
    expect(model.graph.nodes).toEqual(request.model.graph.nodes);
  });

  it('gives the same bits for the same seed, and others for another', async () => {
    const digest = async (seed: number): Promise<string> =>
      weightsDigest((await train(await pointsRequest({ length: { epochs: 2 }, random: new Random(seed) }))).model);
    const [first, again, other] = [await digest(1), await digest(1), await digest(2)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('trains convolutions with batch normalization', async () => {
    const data = halvesDataset(64, 32);
    const model = await networkFor(data, CONVNET);
    const { kept, model: trained } = await train({
      model,
      data,
      loss: crossEntropy(),
      optimizer: OPTIMIZER,
      length: { epochs: 6 },
      batch: 16,
      random: new Random(1),
    });
    expect(kept.validationAccuracy).toBe(1);
    expect(weightsDigest(trained)).not.toBe(weightsDigest(model));
  });

  it('stops once the validation accuracy is reached', async () => {
    const { history, reachedTarget } = await train(await pointsRequest({ stopAt: { accuracy: 0.8 } }));
    expect(reachedTarget).toBe(true);
    expect(history.length).toBeLessThan(30);
    expect(history.at(-1)!.validationAccuracy).toBeGreaterThanOrEqual(0.8);
    expect(history.at(-2)?.validationAccuracy ?? 0).toBeLessThan(0.8);
  });

  it('keeps the best weights, or the last', async () => {
    const best = await train(
      await pointsRequest({ optimizer: sgd({ lr: 1, momentum: 0.9, nesterov: false, weightDecay: 0 }) }),
    );
    const top = Math.max(...best.history.map(({ validationAccuracy }) => validationAccuracy!));
    expect(best.kept.validationAccuracy).toBe(top);
    const last = await train(await pointsRequest({ keep: 'last', length: { epochs: 3 } }));
    expect(last.kept).toBe(last.history.at(-1));
  });

  it('frozen tensors keep their bits', async () => {
    const request = await pointsRequest({ length: { epochs: 1 } });
    const [first] = [...request.model.graph.initializers.keys()];
    const { model, trained } = await train({ ...request, frozen: new Set([first!]) });
    expect(trained).not.toContain(first);
    expect(model.graph.initializers.get(first!)).toBe(request.model.graph.initializers.get(first!));
  });

  it('masked weights are +0 after training with momentum and decay', async () => {
    const request = await pointsRequest({
      length: { epochs: 2 },
      optimizer: sgd({ lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
    });
    const [name, tensor] = [...request.model.graph.initializers].find(([, { dims }]) => dims.length === 2)!;
    const mask = Uint8Array.from(floatsOf(tensor), (_, i) => i % 2);
    const { model } = await train({ ...request, masks: new Map([[name, mask]]) });
    floatsOf(model.graph.initializers.get(name)!).forEach((weight, i) => {
      expect(Object.is(weight, 0)).toBe(i % 2 === 0);
    });
  });

  it('masks can be replaced between steps', async () => {
    const request = await pointsRequest({ length: { steps: 6 }, masks: new Map() });
    const [name, tensor] = [...request.model.graph.initializers].find(([, { dims }]) => dims.length === 2)!;
    const nonzero: number[] = [];
    await train({
      ...request,
      async onStep({ step, readWeights, setMasks }) {
        if (step === 3) await setMasks(new Map([[name, Uint8Array.from(floatsOf(tensor), (_, i) => (i < 5 ? 1 : 0))]]));
        nonzero.push((await readWeights()).get(name)!.filter((weight) => weight !== 0).length);
      },
    });
    expect(nonzero).toEqual([32, 32, 5, 5, 5, 5]);
  });

  it('λ = 0 gives the bits of plain training', async () => {
    const plain = await train(await pointsRequest({ length: { epochs: 2 } }));
    const zero = await train(
      await pointsRequest({ length: { epochs: 2 }, regularizer: { kind: 'l1', lambda: 0, method: 'proximal' } }),
    );
    expect(weightsDigest(zero.model)).toBe(weightsDigest(plain.model));
  });

  it('a strong λ empties weights', async () => {
    const { model } = await train(
      await pointsRequest({ regularizer: { kind: 'l1', lambda: 0.02, method: 'proximal' }, keep: 'last' }),
    );
    const weights = [...model.graph.initializers.values()].filter(({ dims }) => dims.length === 2);
    const zeros = weights.flatMap((tensor) => [...floatsOf(tensor)]).filter((weight) => weight === 0);
    expect(zeros.length).toBeGreaterThan(10);
  });

  it("takes a loss of one's own", async () => {
    const loss: Loss = (context) => {
      const { b, outputs } = context;
      const squares = b.op('ReduceMean', [b.op('Mul', [outputs[0]!, outputs[0]!]), b.ints([1])], { keepdims: 0 });
      return b.op('Add', [crossEntropy()(context), b.op('Mul', [squares, b.scalar(1e-3)])]);
    };
    const { history } = await train(await pointsRequest({ loss, validationLoss: crossEntropy() }));
    expect(history.at(-1)!.loss).toBeGreaterThan(history.at(-1)!.validationLoss! - 0.2);
    expect(history.at(-1)!.validationAccuracy).toBeGreaterThan(0.9);
  });

  it('fits values with the mean squared error', async () => {
    const points = pointsDataset(120, 60);
    // y = 2·x0 − x1, from the same points.
    const regression = (samples: Samples): Samples => ({
      count: samples.count,
      read(indices, x, y) {
        samples.read(indices, x, new Int32Array(indices.length));
        for (let i = 0; i < indices.length; i++) y[i] = 2 * x[2 * i]! - x[2 * i + 1]!;
      },
    });
    const data: Dataset = {
      ...points,
      target: { kind: 'value', shape: [1] },
      train: regression(points.train),
      validation: regression(points.validation!),
    };
    const model = await networkFor({ ...points, target: { kind: 'class', classes: 1 } }, [{ linear: 1 }]);
    const { kept, history } = await train(await pointsRequest({ data, model, loss: meanSquaredError() }));
    expect(kept.validationLoss).toBeLessThan(1e-6);
    expect(history[0]!.accuracy).toBe(null);
    expect(kept.validationAccuracy).toBe(null);
  });

  it('accumulated batches count as one: steps, epochs and samples are those of the larger batch', async () => {
    const large = await train(await pointsRequest({ batch: 40, length: { epochs: 2 }, shards: 1 }));
    const { steps, batch, history } = await train(
      await pointsRequest({ batch: 10, accumulate: 4, length: { epochs: 2 }, shards: 1 }),
    );
    expect([steps, batch]).toEqual([6, 40]);
    expect([large.steps, large.batch]).toEqual([6, 40]);
    history.forEach(({ loss, accuracy, validationLoss, epoch }, i) => {
      expect(loss).toBeCloseTo(large.history[i]!.loss, 5);
      expect(validationLoss).toBeCloseTo(large.history[i]!.validationLoss!, 5);
      expect([accuracy, epoch]).toEqual([large.history[i]!.accuracy, i + 1]);
    });
  });

  it('accumulates what a small training split has', async () => {
    const { steps, batch } = await train(await pointsRequest({ batch: 50, accumulate: 4, length: { epochs: 3 } }));
    expect([steps, batch]).toEqual([3, 100]);
  });

  it('a batch normalization sees one micro-batch at a time, and its running statistics see each', async () => {
    const data = halvesDataset(8);
    const request: TrainRequest = {
      model: await networkFor(data, CONVNET),
      data,
      loss: crossEntropy(),
      optimizer: sgd({ lr: 1e-30, momentum: 0, nesterov: false, weightDecay: 0 }),
      length: { steps: 1 },
      batch: 8,
      random: new Random(1),
    };
    // Nothing is learned here: two steps of half the samples see the same batches as one step of two micro-batches.
    const twoSteps = await train({ ...request, batch: 4, length: { steps: 2 } });
    const oneStep = await train({ ...request, batch: 4, accumulate: 2 });
    const norm = request.model.graph.nodes.find(({ opType }) => opType === 'BatchNormalization')!;
    for (const name of norm.inputs.slice(3)) {
      const [expected, before] = [twoSteps, request].map(({ model }) => floatsOf(model.graph.initializers.get(name)!));
      const actual = floatsOf(oneStep.model.graph.initializers.get(name)!);
      actual.forEach((value, i) => {
        expect(value).toBeCloseTo(expected![i]!, 5);
      });
      expect([...actual]).not.toEqual([...before!]);
    }
  });

  it('learns from changed and blended images', async () => {
    const data = halvesDataset(96, 32);
    const { kept, history } = await train({
      model: await networkFor(data, CONVNET),
      data,
      loss: crossEntropy({ labelSmoothing: 0.05 }),
      optimizer: OPTIMIZER,
      length: { epochs: 8 },
      batch: 16,
      augment: { shift: 1, mixup: 0.2 },
      classWeights: [1, 1.5],
      random: new Random(1),
    });
    expect(kept.validationAccuracy).toBe(1);
    // The larger share of a blended sample counts as its class.
    expect(history.at(-1)!.accuracy).toBeGreaterThan(0.8);
  });

  it('the average of the weights lags behind them, and comes back with statistics that suit it', async () => {
    const data = halvesDataset(64, 32);
    const request: TrainRequest = {
      model: await networkFor(data, CONVNET),
      data,
      loss: crossEntropy(),
      optimizer: OPTIMIZER,
      length: { epochs: 6 },
      batch: 16,
      keep: 'last',
      random: new Random(1),
    };
    const plain = await train(request);
    const averaged = await train({ ...request, average: { decay: 0.99, warmup: true } });
    expect(averaged.history.map(({ loss }) => loss)).toEqual(plain.history.map(({ loss }) => loss));
    expect(averaged.kept.validationAccuracy).toBe(1);
    for (const name of plain.model.graph.initializers.keys()) {
      const tensors = [request, plain, averaged].map(({ model }) => model.graph.initializers.get(name)!);
      if (tensors[0]!.dataType !== 'float32') continue;
      const [start, end, average] = tensors.map((tensor) => floatsOf(tensor));
      const moved = (to: Float32Array) => Math.hypot(...to.map((value, i) => value - start![i]!));
      if (moved(end!) > 0) expect(moved(average!), name).toBeLessThan(moved(end!));
    }
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const request = await pointsRequest({
      signal: controller.signal,
      onStep: ({ step }) => {
        if (step === 4) controller.abort(new Error('enough'));
      },
    });
    await expect(train(request)).rejects.toThrow('enough');
  });
});
