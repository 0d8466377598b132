import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildBackward } from '../../src/autodiff/index.js';
import type { Target } from '../../src/data/dataset.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatFeed, Session } from '../../src/runtime/session.js';
import {
  binaryCrossEntropy,
  crossEntropy,
  huber,
  type Loss,
  meanAbsoluteError,
  meanSquaredError,
} from '../../src/train/losses/index.js';
import { writeSoftLabels } from '../../src/train/soft-labels.js';

const LOGITS = [
  [1, 2, 0.5],
  [-3, 0, 100],
];

/** The loss of each of two samples with three outputs. */
async function perSample(
  loss: Loss,
  target: Target,
  labels: number[],
  ending: 'Softmax' | 'Sigmoid' | null = null,
): Promise<number[]> {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [2, 3]);
  const isClass = target.kind === 'class';
  const y = b.input('y', isClass ? 'int32' : 'float32', isClass ? [2] : [2, 3]);
  const output = ending === null ? x : b.op(ending, [x]);
  b.output(loss({ b, outputs: [output], x, y, target }), 'loss');
  const session = await Session.create(b.build());
  const { loss: result } = await session.run({
    x: floatFeed(Float32Array.from(LOGITS.flat()), [2, 3]),
    y: isClass
      ? { dataType: 'int32', dims: [2], data: Int32Array.from(labels) }
      : floatFeed(Float32Array.from(labels), [2, 3]),
  });
  await session.release();
  return [...(result!.data as Float32Array)];
}

const CLASSES: Target = { kind: 'class', classes: 3 };
const logSumExp = (row: number[]): number => {
  const top = Math.max(...row);
  return top + Math.log(row.reduce((sum, value) => sum + Math.exp(value - top), 0));
};

function expectClose(actual: number[], expected: number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, 5);
  });
}

describe('cross-entropy', () => {
  const expected = [logSumExp(LOGITS[0]!) - 2, logSumExp(LOGITS[1]!) + 3];

  it('is log-sum-exp minus the logit of the class, also for large logits', async () => {
    expectClose(await perSample(crossEntropy(), CLASSES, [1, 0]), expected);
  });

  it('spreads the smoothed part over all classes', async () => {
    const mean = (row: number[]): number => row.reduce((sum, value) => sum + value, 0) / 3;
    const smoothed = LOGITS.map((row, i) => 0.7 * expected[i]! + 0.3 * (logSumExp(row) - mean(row)));
    expectClose(await perSample(crossEntropy({ labelSmoothing: 0.3 }), CLASSES, [1, 0]), smoothed);
  });

  it('of a network that ends in Softmax takes its input, and stays finite', async () => {
    expectClose(await perSample(crossEntropy(), CLASSES, [1, 0], 'Softmax'), expected);
  });
});

describe('mean squared error', () => {
  it('averages the squares over the outputs of a sample', async () => {
    const values: Target = { kind: 'value', shape: [3] };
    expectClose(await perSample(meanSquaredError(), values, [1, 0, 0, -3, 1, 98]), [4.25 / 3, 5 / 3]);
  });

  it('compares with 1 for the class and 0 for the others', async () => {
    expectClose(await perSample(meanSquaredError(), CLASSES, [1, 2]), [(1 + 1 + 0.25) / 3, (9 + 99 ** 2) / 3]);
  });
});

describe('binary cross-entropy', () => {
  const values: Target = { kind: 'value', shape: [3] };
  const labels = [1, 0, 1, 0, 1, 0];
  // −log of the probability given to the right answer, in double precision.
  const expected = LOGITS.map(
    (row, i) => row.reduce((sum, z, k) => sum + Math.log1p(Math.exp(labels[3 * i + k] === 1 ? -z : z)), 0) / row.length,
  );

  it('asks one question per output', async () => {
    expectClose(await perSample(binaryCrossEntropy(), values, labels), expected);
  });

  it('of a network that ends in Sigmoid takes its input, and stays finite', async () => {
    expectClose(await perSample(binaryCrossEntropy(), values, labels, 'Sigmoid'), expected);
  });

  it('of a class asks whether it is this one, for each', async () => {
    const oneHot = [0, 1, 0, 1, 0, 0];
    expectClose(
      await perSample(binaryCrossEntropy(), CLASSES, [1, 0]),
      await perSample(binaryCrossEntropy(), values, oneHot),
    );
  });
});

interface Reference {
  readonly outputs: number[][];
  readonly classes: number[];
  readonly partners: number[];
  readonly share: number;
  readonly values: number[][];
  readonly answers: number[][];
  readonly classWeights: number[];
  readonly cases: Record<string, { readonly loss: number; readonly gradient: number[] }>;
}

// Made by test/fixtures/generate/train-losses.py.
const reference = JSON.parse(
  readFileSync(new URL('../fixtures/train/losses.json', import.meta.url), 'utf8'),
) as Reference;

interface Case {
  readonly loss: Loss;
  readonly target: Target;
  readonly y: Int32Array | Float32Array;
  readonly classWeights?: readonly number[];
}

const samples = reference.outputs.length;
const classLabels = Int32Array.from(reference.classes);

/** Labels as training writes them where classes are weighted or samples mixed. */
function softCase(loss: Loss, { isMixed, isWeighted }: { isMixed: boolean; isWeighted: boolean }): Case {
  const { classWeights, partners, share } = reference;
  const y = new Float32Array(3 * samples);
  const mix = { partner: Uint32Array.from(partners), share: new Float32Array(samples).fill(share) };
  writeSoftLabels(y, classLabels, {
    mix: isMixed ? mix : null,
    classWeights: isWeighted ? classWeights : null,
    classes: 3,
  });
  return { loss, target: CLASSES, y, ...(isWeighted ? { classWeights } : {}) };
}

const values: Target = { kind: 'value', shape: [3] };
const smoothed = crossEntropy({ labelSmoothing: 0.2 });
const valueCase = (loss: Loss): Case => ({ loss, target: values, y: Float32Array.from(reference.values.flat()) });
const CASES: Record<string, Case> = {
  'cross-entropy': { loss: crossEntropy(), target: CLASSES, y: classLabels },
  'cross-entropy, smoothed': { loss: smoothed, target: CLASSES, y: classLabels },
  'cross-entropy, weighted': softCase(crossEntropy(), { isMixed: false, isWeighted: true }),
  'cross-entropy, weighted and smoothed': softCase(smoothed, { isMixed: false, isWeighted: true }),
  'cross-entropy, mixed': softCase(crossEntropy(), { isMixed: true, isWeighted: false }),
  'cross-entropy, mixed and smoothed': softCase(smoothed, { isMixed: true, isWeighted: false }),
  'cross-entropy, mixed, weighted and smoothed': softCase(smoothed, { isMixed: true, isWeighted: true }),
  'binary cross-entropy': {
    loss: binaryCrossEntropy(),
    target: values,
    y: Float32Array.from(reference.answers.flat()),
  },
  'mean squared error': valueCase(meanSquaredError()),
  'mean absolute error': valueCase(meanAbsoluteError()),
  'huber, delta 1': valueCase(huber()),
  'huber, delta 0.5': valueCase(huber({ delta: 0.5 })),
  'huber, delta 2': valueCase(huber({ delta: 2 })),
};

/** The mean loss, and its gradient with respect to the outputs. */
async function meanAndGradient({ loss, target, y, classWeights }: Case): Promise<{ loss: number; gradient: number[] }> {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [samples, 3]);
  const isClass = y instanceof Int32Array;
  const label = b.input('y', isClass ? 'int32' : 'float32', isClass ? [samples] : [samples, 3]);
  const weights = classWeights === undefined ? {} : { classWeights };
  const perSampleLoss = loss({ b, outputs: [x], x, y: label, target, ...weights });
  const mean = b.op('ReduceMean', [perSampleLoss], { keepdims: 0 });
  b.output(mean, 'mean');
  b.output(buildBackward(b, mean, [x])[0]!, 'gradient');
  const session = await Session.create(b.build());
  const results = await session.run({
    x: floatFeed(Float32Array.from(reference.outputs.flat()), [samples, 3]),
    y: isClass ? { dataType: 'int32', dims: [samples], data: y } : floatFeed(y, [samples, 3]),
  });
  await session.release();
  return { loss: results.mean!.data[0] as number, gradient: [...(results.gradient!.data as Float32Array)] };
}

describe('losses and their gradients agree with PyTorch:', () => {
  it.each(Object.entries(reference.cases))('%s', async (name, expected) => {
    const { loss, gradient } = await meanAndGradient(CASES[name]!);
    expect(loss).toBeCloseTo(expected.loss, 5);
    expectClose(gradient, expected.gradient);
  });
});
