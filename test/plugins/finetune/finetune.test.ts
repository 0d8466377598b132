import { describe, expect, it } from 'vitest';
import finetune from '../../../plugins/finetune/index.js';
import { cloneModel } from '../../../src/onnx/ir.js';
import { floatsOf, floatTensor } from '../../../src/onnx/tensor.js';
import { networkFor, pointsDataset } from '../../train/rig.js';
import { runStage } from '../../train/stage-rig.js';

const data = pointsDataset(120, 60);
const options = {
  data: 'points',
  epochs: 3,
  batch: 20,
  optimizer: { sgd: { lr: 0.1, momentum: 0.9, weightDecay: 1e-3 } },
};

/** A network with every third weight pruned, some of them to −0. */
async function prunedModel() {
  const model = cloneModel(await networkFor(data, [{ linear: 16 }, 'relu', { linear: 3 }]));
  for (const [name, tensor] of model.graph.initializers) {
    if (!name.endsWith('weight')) continue;
    const weights = floatsOf(tensor).map((weight, i) => (i % 3 === 0 ? (i % 2 === 0 ? 0 : -0) : weight));
    model.graph.initializers.set(name, floatTensor(weights, tensor.dims));
  }
  return model;
}

describe('the stage finetune', () => {
  it('keeps pruned weights at +0 bit for bit and trains the others and the biases', async () => {
    const model = await prunedModel();
    const result = await runStage({ stage: finetune, options, data, model });
    for (const name of ['fc1.weight', 'fc2.weight']) {
      const before = floatsOf(model.graph.initializers.get(name)!);
      floatsOf(result.model.graph.initializers.get(name)!).forEach((weight, i) => {
        if (i % 3 === 0) expect(Object.is(weight, 0)).toBe(true);
        else expect(weight).not.toBe(before[i]);
      });
    }
    const bias = floatsOf(result.model.graph.initializers.get('fc2.bias')!);
    expect(bias.every((value) => value !== 0)).toBe(true);
    expect(result.metrics.nonzeroPerLayer).toEqual({ 'fc1.weight': 21, 'fc2.weight': 32 });
  });

  it('lets zeros grow again with keepZeros: false', async () => {
    const model = await prunedModel();
    const result = await runStage({ stage: finetune, options: { ...options, keepZeros: false }, data, model });
    const weights = floatsOf(result.model.graph.initializers.get('fc2.weight')!);
    expect(weights.filter((weight) => weight === 0).length).toBeLessThan(5);
  });

  it('keeps frozen tensors bit for bit', async () => {
    const model = await prunedModel();
    const freeze = { include: ['fc1'] };
    const result = await runStage({ stage: finetune, options: { ...options, freeze }, data, model });
    for (const name of ['fc1.weight', 'fc1.bias']) {
      expect(result.model.graph.initializers.get(name)).toBe(model.graph.initializers.get(name));
    }
    expect(result.model.graph.initializers.get('fc2.bias')).not.toEqual(model.graph.initializers.get('fc2.bias'));
  });
});
