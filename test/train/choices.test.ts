import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import type { Dataset } from '../../src/data/dataset.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { floatsOf, floatTensor } from '../../src/onnx/tensor.js';
import { crossEntropy, exponentialSchedule, rmsprop, type TrainRequest, train } from '../../src/train/index.js';
import { samplesOf } from './rig.js';

interface Reference {
  readonly x: number[];
  readonly y: number[];
  readonly before: Record<string, number[]>;
  readonly after: Record<string, number[]>;
  readonly average: Record<string, number[]>;
  readonly losses: number[];
  readonly judged: number[];
}

// Made by test/fixtures/generate/train-choices.py.
const reference = JSON.parse(
  readFileSync(new URL('../fixtures/train/choices.json', import.meta.url), 'utf8'),
) as Reference;

/** The network of the script, with its initial weights. */
function network(): Model {
  const b = new GraphBuilder();
  const x = b.input('input', 'float32', ['batch', 4]);
  const w = (name: string, dims: number[]) => b.initializer(name, floatTensor(reference.before[name]!, dims));
  const linear = (input: typeof x, layer: string, [out, width]: [number, number]) =>
    b.op(
      'Gemm',
      [input, w(`${layer}.weight`, [out, width]), w(`${layer}.bias`, [out])],
      { transB: 1 },
      { name: layer },
    );
  b.output(linear(b.op('Relu', [linear(x, 'first', [6, 4])]), 'second', [3, 6]), 'logits');
  return b.build();
}

function request(changes: Partial<TrainRequest> = {}): TrainRequest {
  const samples = samplesOf(Float32Array.from(reference.x), Int32Array.from(reference.y), 4);
  const target = { kind: 'class', classes: 3 } as const;
  const data: Dataset = { inputShape: [4], target, train: samples, validation: samples, test: null };
  return {
    model: network(),
    data,
    loss: crossEntropy({ labelSmoothing: 0.1 }),
    optimizer: rmsprop({ lr: 0.02, alpha: 0.9, epsilon: 1e-6, momentum: 0.5, centered: false, weightDecay: 0.01 }),
    schedule: exponentialSchedule({ factor: 0.9 }),
    length: { steps: 20 },
    batch: 8,
    classWeights: 'balanced',
    clipNorm: 0.28,
    overrides: [
      { select: { include: ['second.bias'] }, with: { freeze: true } },
      { select: { include: ['first'] }, with: { lrFactor: 0.5, weightDecay: 0.1 } },
    ],
    keep: 'last',
    random: new Random(1),
    ...changes,
  };
}

function largestError({ graph }: Model, expected: Reference['after']): number {
  return Math.max(
    ...Object.entries(expected).flatMap(([name, values]) => {
      const actual = floatsOf(graph.initializers.get(name)!);
      return values.map((value, i) => Math.abs(value - actual[i]!));
    }),
  );
}

describe('twenty steps with many choices at once agree with PyTorch', () => {
  it.each([
    ['one batch', { batch: 8 }],
    ['two micro-batches', { batch: 4, accumulate: 2 }],
    ['four shards', { batch: 8, shards: 4, cores: 2 }],
    ['two micro-batches of two shards', { batch: 4, accumulate: 2, shards: 2 }],
  ])('%s', async (_, how) => {
    const { model, history } = await train(request(how));
    history.forEach(({ loss }, step) => {
      expect(loss).toBeCloseTo(reference.losses[step]!, 5);
    });
    expect(history.length).toBe(20);
    expect(largestError(model, reference.after)).toBeLessThan(1e-5);
  });

  it('the average of the weights is judged, without class weights and smoothing, and comes back', async () => {
    const { model, history } = await train(
      request({ average: { decay: 0.8, warmup: false }, validationLoss: crossEntropy() }),
    );
    history.forEach(({ loss, validationLoss }, step) => {
      expect(loss).toBeCloseTo(reference.losses[step]!, 5);
      expect(validationLoss).toBeCloseTo(reference.judged[step]!, 5);
    });
    expect(largestError(model, reference.average)).toBeLessThan(1e-5);
  });
});
