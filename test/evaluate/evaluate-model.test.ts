import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../src/data/dataset.js';
import { type EvaluatedModel, type EvaluateRequest, evaluateModel } from '../../src/evaluate/evaluate-model.js';
import { datasetOf, identityModel, stored } from './rig.js';

const LATENCY = { runs: 3, warmup: 1, batch: 1, threads: 1 };

function evaluate(
  subject: EvaluatedModel,
  data: Dataset,
  options: { batch?: number; against?: EvaluatedModel; signal?: AbortSignal } & Partial<
    Pick<EvaluateRequest, 'onProgress' | 'alone'>
  > = {},
) {
  const { batch = 2, against = null, ...rest } = options;
  return evaluateModel({ subject, against, data, samples: data.train, batch, latency: LATENCY, ...rest });
}

/** Five samples, of which the second and the fifth are predicted wrongly. */
const ROWS = [
  [3, 1, 0],
  [0, 1, 2],
  [0, 5, 0],
  [1, 2, 9],
  [4, 3, 3],
];
const LABELS = [0, 1, 1, 2, 2];
const classes = datasetOf(ROWS, LABELS, { kind: 'class', classes: 3 });

/** Mean of -log softmax(row)[label], in float64. */
function meanCrossEntropy(): number {
  const losses = ROWS.map((row, i) => Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - row[LABELS[i]!]!);
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

describe('evaluateModel', () => {
  it('judges a classifier over batches of which the last is smaller', async () => {
    const { classification, meanSquaredError, comparison } = await evaluate(await stored(identityModel(3)), classes);
    expect(classification).toMatchObject({ accuracy: 3 / 5, top5: null, perClass: [1, 1 / 2, 1 / 2] });
    expect(classification!.loss).toBeCloseTo(meanCrossEntropy(), 6);
    expect(meanSquaredError).toBeNull();
    expect(comparison).toBeNull();
  });

  it('gives the same whatever the batch size', async () => {
    const subject = await stored(identityModel(3));
    const results = [];
    for (const batch of [1, 2, 5, 64]) results.push((await evaluate(subject, classes, { batch })).classification);
    for (const result of results) expect(result).toEqual(results[0]);
  });

  it('fills the last batch of a model with a fixed batch size', async () => {
    const subject = await stored(identityModel(3, { batch: 4 }));
    const { classification } = await evaluate(subject, classes, { batch: 3 });
    expect(classification).toMatchObject({ accuracy: 3 / 5, perClass: [1, 1 / 2, 1 / 2] });
  });

  it('takes the logarithm of a model that ends in Softmax', async () => {
    const { classification } = await evaluate(await stored(identityModel(3, { opType: 'Softmax' })), classes);
    expect(classification!.loss).toBeCloseTo(meanCrossEntropy(), 5);
  });

  it('compares with another model', async () => {
    const subject = await stored(identityModel(3));
    const against = await stored(identityModel(3, { scale: -1 }), '"other"');
    const { comparison } = await evaluate(subject, classes, { against });
    // The largest output of a row is never the largest of its negative; the largest difference is 9 - (-9).
    expect(comparison).toEqual({ agreement: 0, maxAbsDiff: 18 });
  });

  it('agrees fully with itself', async () => {
    const subject = await stored(identityModel(3));
    expect((await evaluate(subject, classes, { against: subject })).comparison).toEqual({
      agreement: 1,
      maxAbsDiff: 0,
    });
  });

  it('takes the mean squared error where targets are values', async () => {
    const data = datasetOf(
      [
        [1, 2],
        [3, 4],
        [0, 0],
      ],
      [1, 0, 3, 3, 0, 2],
      { kind: 'value', shape: [2] },
    );
    const subject = await stored(identityModel(2));
    const result = await evaluate(subject, data, { against: await stored(identityModel(2, { scale: 2 })) });
    expect(result.meanSquaredError).toBe((4 + 1 + 4) / 6);
    expect(result.classification).toBeNull();
    expect(result.comparison).toEqual({ agreement: null, maxAbsDiff: 4 });
  });

  it('reports progress batch by batch', async () => {
    const seen: number[] = [];
    await evaluate(await stored(identityModel(3)), classes, { onProgress: (done) => seen.push(done) });
    expect(seen).toEqual([2 / 5, 4 / 5, 1]);
  });

  it('stops between batches when it is told to', async () => {
    const controller = new AbortController();
    const run = evaluate(await stored(identityModel(3)), classes, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(run).rejects.toThrow(/abort/i);
  });

  it('times single runs', async () => {
    const { latencyMs, throughputPerS } = await evaluate(await stored(identityModel(3)), classes);
    expect(latencyMs.p95).toBeGreaterThanOrEqual(latencyMs.p50);
    expect(throughputPerS).toBeGreaterThan(0);
  });

  it('is alone for what it times, and for nothing else', async () => {
    const log: string[] = [];
    const { latencyMs } = await evaluate(await stored(identityModel(3)), classes, {
      async alone(work) {
        log.push('alone');
        const result = await work();
        log.push('no more');
        return result;
      },
      onProgress: () => log.push('batch'),
    });
    expect(log).toEqual(['batch', 'batch', 'batch', 'alone', 'no more']);
    expect(latencyMs.p50).toBeGreaterThan(0);
  });

  it('refuses labels that the outputs do not match, before it loads the model', async () => {
    const subject = { model: identityModel(4), path: '/nowhere', name: 'the model' };
    const data = datasetOf([[1, 2, 3, 4]], [0], { kind: 'class', classes: 3 });
    await expect(evaluate(subject, data)).rejects.toMatchInlineSnapshot(
      `[UserError: the model gives "logits" [1, 4], which is 4 values a sample, but the data set has 3 classes. Use a model with one output per class.]`,
    );
  });

  it('refuses samples of another shape', async () => {
    const subject = { model: identityModel(4), path: '/nowhere', name: 'the model' };
    await expect(evaluate(subject, classes)).rejects.toMatchInlineSnapshot(
      `[UserError: the model takes "input" [batch, 4], but a sample of the data set is [3]. Evaluate it on data of the shape that it was trained for.]`,
    );
  });

  it('names the other model where that one does not fit', async () => {
    const against = { model: identityModel(2), path: '/nowhere', name: '"small"' };
    await expect(evaluate(await stored(identityModel(3)), classes, { against })).rejects.toMatchInlineSnapshot(
      `[UserError: "small" takes "input" [batch, 2], but a sample of the data set is [3]. Evaluate it on data of the shape that it was trained for.]`,
    );
  });

  it('refuses outputs that are not numbers', async () => {
    const data = datasetOf([[Number.NaN, 0, 0]], [0], { kind: 'class', classes: 3 });
    await expect(evaluate(await stored(identityModel(3)), data)).rejects.toMatchInlineSnapshot(
      `[UserError: the model gives NaN or Infinity for some samples of the data set. Its training diverged, most likely: lower the learning rate and train again.]`,
    );
  });
});
