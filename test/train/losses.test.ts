import { describe, expect, it } from 'vitest';
import type { Target } from '../../src/data/dataset.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatFeed, Session } from '../../src/runtime/session.js';
import { crossEntropy, type Loss, meanSquaredError } from '../../src/train/losses/index.js';

const LOGITS = [
  [1, 2, 0.5],
  [-3, 0, 100],
];

/** The loss of each of two samples with three outputs. */
async function perSample(loss: Loss, target: Target, labels: number[], endsInSoftmax = false): Promise<number[]> {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [2, 3]);
  const isClass = target.kind === 'class';
  const y = b.input('y', isClass ? 'int32' : 'float32', isClass ? [2] : [2, 3]);
  const output = endsInSoftmax ? b.op('Softmax', [x], { axis: -1 }) : x;
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
    expectClose(await perSample(crossEntropy(), CLASSES, [1, 0], true), expected);
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
