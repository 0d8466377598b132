import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { Dataset } from '../../src/data/dataset.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { floatsOf, floatTensor } from '../../src/onnx/tensor.js';
import { crossEntropy, sgd, train } from '../../src/train/index.js';
import { samplesOf } from './rig.js';

interface Reference {
  readonly x: number[];
  readonly y: number[];
  readonly shapes: Record<string, number[]>;
  readonly before: Record<string, number[]>;
  readonly after: Record<string, number[]>;
  readonly losses: number[];
  readonly evaluationLoss: number;
}

// Made by test/fixtures/generate/train-batch-norm.py.
const reference = JSON.parse(
  readFileSync(new URL('../fixtures/train/batch-norm.json', import.meta.url), 'utf8'),
) as Reference;

/** The network of the script, with its initial weights. */
function network(): Model {
  const b = new GraphBuilder();
  const x = b.input('input', 'float32', ['batch', 2, 4, 4]);
  const w = (name: string) => b.initializer(name, floatTensor(reference.before[name]!, reference.shapes[name]!));
  const conv = b.op('Conv', [x, w('conv.weight'), w('conv.bias')]);
  const norm = b.op('BatchNormalization', [conv, w('norm.weight'), w('norm.bias'), w('norm.mean'), w('norm.var')], {
    // PyTorch's momentum 0.2 is the share of the new value.
    momentum: { type: 'float', value: 0.8 },
  });
  const flat = b.op('Flatten', [b.op('Relu', [norm])]);
  b.output(b.op('Gemm', [flat, w('linear.weight'), w('linear.bias')], { transB: 1 }), 'logits');
  return b.build();
}

function dataset(): Dataset {
  const samples = samplesOf(Float32Array.from(reference.x), Int32Array.from(reference.y), 32);
  return {
    inputShape: [2, 4, 4],
    target: { kind: 'class', classes: 3 },
    train: samples,
    validation: samples,
    test: null,
  };
}

describe('training as PyTorch does it', () => {
  it('five steps through batch normalization give its losses, weights and running statistics', async () => {
    const { model, history } = await train({
      model: network(),
      data: dataset(),
      loss: crossEntropy({ labelSmoothing: 0.1 }),
      optimizer: sgd({ lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0.01 }),
      length: { steps: reference.losses.length },
      batch: 8,
      keep: 'last',
      random: new Random(1),
    });
    history.forEach(({ loss }, i) => {
      expect(loss).toBeCloseTo(reference.losses[i]!, 5);
    });
    for (const [name, expected] of Object.entries(reference.after)) {
      const actual = floatsOf(model.graph.initializers.get(name)!);
      const worst = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
      expect(worst, name).toBeLessThan(1e-5);
    }
    expect(history.at(-1)!.validationLoss).toBeCloseTo(reference.evaluationLoss, 5);
  });

  it('frozen batch normalization keeps its running statistics', async () => {
    const { model } = await train({
      model: network(),
      data: dataset(),
      loss: crossEntropy(),
      optimizer: sgd({ lr: 0.1, momentum: 0.9, nesterov: false, weightDecay: 0 }),
      length: { steps: 2 },
      batch: 8,
      batchNorm: 'frozen',
      random: new Random(1),
    });
    for (const name of ['norm.mean', 'norm.var']) {
      expect([...floatsOf(model.graph.initializers.get(name)!)]).toEqual([
        ...Float32Array.from(reference.before[name]!),
      ]);
    }
    expect([...floatsOf(model.graph.initializers.get('norm.weight')!)]).not.toEqual(reference.before['norm.weight']);
  });
});
