import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Dataset, Samples, Target } from '../../src/data/dataset.js';
import type { EvaluatedModel } from '../../src/evaluate/evaluate-model.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Dim, Model } from '../../src/onnx/ir.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { encodeModel } from '../../src/onnx/write.js';

/** A model that returns its input [batch, size], through an operator if one is named. */
export function identityModel(size: number, options: { batch?: Dim; opType?: string; scale?: number } = {}): Model {
  const b = new GraphBuilder();
  const x = b.input('input', 'float32', [options.batch ?? 'batch', size]);
  const scaled = b.op('Mul', [x, b.initializer('scale', floatTensor([options.scale ?? 1], [1]))]);
  b.output(options.opType === undefined ? scaled : b.op(options.opType, [scaled]), 'logits');
  return b.build();
}

/** A data set whose samples are the outputs wanted. */
export function datasetOf(rows: number[][], labels: number[], target: Target): Dataset {
  const samples: Samples = {
    count: rows.length,
    read(indices, x, y) {
      const width = rows[0]!.length;
      const labelSize = labels.length / rows.length;
      Array.from(indices).forEach((sample, i) => {
        x.set(rows[sample]!, i * width);
        for (let j = 0; j < labelSize; j++) y[i * labelSize + j] = labels[sample * labelSize + j]!;
      });
    },
  };
  return { inputShape: [rows[0]!.length], target, train: samples, validation: null, test: null };
}

/** Writes a model to a file that is removed after the test. */
export async function stored(model: Model, name = 'the model'): Promise<EvaluatedModel> {
  const folder = await mkdtemp(join(tmpdir(), 'lathe-evaluate-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'model.onnx');
  await writeFile(path, encodeModel(model));
  return { model, path, name };
}
