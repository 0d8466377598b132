import type { Json, StageContext } from 'onnx-lathe/plugin';
import { describe, expect, it } from 'vitest';
import evaluate from '../../../plugins/evaluate/index.js';
import { canonicalJson } from '../../../src/core/canonical-json.js';
import { Random } from '../../../src/core/random.js';
import type { Dataset } from '../../../src/data/dataset.js';
import type { EvaluatedModel } from '../../../src/evaluate/evaluate-model.js';
import { datasetOf, identityModel, stored } from '../../evaluate/rig.js';

const SIX = datasetOf(
  [
    [9, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 9],
  ],
  [0, 1],
  { kind: 'class', classes: 6, names: ['a', 'b', 'c', 'd', 'e', 'f'] },
);

/** Metrics and log lines of one run of the stage. */
async function run(
  subject: EvaluatedModel,
  data: Dataset,
  options: { split?: string; against?: EvaluatedModel; latency?: Record<string, number> } = {},
) {
  const metrics: Record<string, Json> = {};
  const lines: string[] = [];
  const input = (model: EvaluatedModel) => ({ path: model.path, digest: '', load: async () => model.model });
  const context: Partial<StageContext<unknown>> = {
    options: {
      data: 'things',
      batch: 256,
      ...(options.split === undefined ? {} : { split: options.split }),
      ...(options.against === undefined ? {} : { against: 'other' }),
      latency: { runs: 2, warmup: 0, batch: 1, threads: 1, ...options.latency },
    },
    inputs: { model: input(subject) },
    model: () => input(options.against!),
    data: async () => data,
    random: new Random(1),
    signal: new AbortController().signal,
    cores: 1,
    log: {
      debug: () => undefined,
      info: (message) => void lines.push(message),
      warn: (message) => void lines.push(`warning: ${message}`),
    },
    progress: () => undefined,
    metric(name, value) {
      if (!(name in evaluate.metrics)) throw new Error(`undeclared metric ${name}`);
      canonicalJson(value);
      metrics[name] = value;
    },
  };
  const outputs = await evaluate.run(context as StageContext<unknown>);
  return { metrics, lines, outputs };
}

describe('the stage evaluate', () => {
  it('reports quality, size and speed of a classifier under the names that recipes gate on', async () => {
    const { metrics, outputs, lines } = await run(await stored(identityModel(6)), SIX);
    expect(outputs).toEqual({});
    expect(lines).toEqual(['evaluating on the train split']);
    expect(Object.keys(metrics).sort()).toEqual([
      'accuracy',
      'confusion',
      'gzipBytes',
      'latencyMs',
      'loss',
      'macs',
      'modelBytes',
      'nonzeroParameters',
      'parameters',
      'perClass',
      'samples',
      'sparsity',
      'split',
      'throughputPerS',
      'top5',
    ]);
    expect(metrics).toMatchObject({
      accuracy: 0.5,
      top5: 1,
      perClass: { a: 1, b: 0, c: null, d: null, e: null, f: null },
      samples: 2,
      split: 'train',
      parameters: 1,
      nonzeroParameters: 1,
      sparsity: 0,
      macs: 0,
    });
  });

  it('compares with the model that `against` names', async () => {
    const subject = await stored(identityModel(6));
    const { metrics } = await run(subject, SIX, { against: await stored(identityModel(6, { scale: 3 })) });
    expect(metrics).toMatchObject({ agreement: 1, maxAbsDiff: 18 });
  });

  it('reports the mean squared error where targets are values', async () => {
    const data = datasetOf([[1], [2]], [1, 4], { kind: 'value', shape: [1] });
    const { metrics } = await run(await stored(identityModel(1)), data);
    expect(metrics).toMatchObject({ loss: 2, mse: 2 });
    expect(metrics).not.toHaveProperty('accuracy');
  });

  it('takes the split that it is told to take', async () => {
    const data = { ...SIX, validation: datasetOf([[0, 9, 0, 0, 0, 0]], [1], SIX.target).train };
    const subject = await stored(identityModel(6));
    expect((await run(subject, data)).metrics).toMatchObject({ split: 'validation', accuracy: 1 });
    expect((await run(subject, data, { split: 'train' })).metrics).toMatchObject({ split: 'train', accuracy: 0.5 });
  });

  it('measures latency with more threads and samples where asked', async () => {
    const { metrics } = await run(await stored(identityModel(6)), SIX, { latency: { threads: 2, batch: 7 } });
    expect(metrics.throughputPerS).toBeGreaterThan(0);
  });
});
