import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { modelFiles } from '../../src/evaluate/model-files.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { writeModel } from '../../src/onnx/write.js';
import { identityModel, stored } from './rig.js';

it('is the file alone where nothing lies outside it', async () => {
  const { path } = await stored(identityModel(3));
  expect(await modelFiles(path)).toEqual([path]);
});

it('names the file that holds the weights', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lathe-model-files-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'model.onnx');
  const b = new GraphBuilder();
  const weight = b.initializer('weight', floatTensor(new Float32Array(400), [20, 20]));
  b.output(b.op('MatMul', [b.input('input', 'float32', ['batch', 20]), weight]), 'logits');
  await writeModel(b.build(), path, { externalDataBytes: 1 });
  expect(await modelFiles(path)).toEqual([path, join(folder, 'model.onnx.data')]);
});
