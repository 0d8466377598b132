import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildBackward } from '../../src/autodiff/index.js';
import { floatTensor, GraphBuilder, type Model } from '../../src/onnx/index.js';
import { Session } from '../../src/runtime/session.js';
import { crossEntropy } from '../../src/train/index.js';
import { distillationLoss } from '../../src/transfer/distillation-loss.js';

const REFERENCE = JSON.parse(readFileSync('test/fixtures/transfer/torch-distillation.json', 'utf8')) as {
  student: number[];
  teacher: number[];
  labels: number[];
  cases: { temperature: number; alpha: number; losses: number[]; gradient: number[] }[];
};
const DIMS = [4, 5];
/** About 84 float32 epsilons: T² magnifies the rounding of small differences. */
const TOLERANCE = 1e-5;

/** Relative to values above 1. */
function largestError(actual: number[], expected: number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(actual[i]! - value) / Math.max(1, Math.abs(value))));
}

/** A teacher that gives its input as logits. */
function echo(shape: (number | string)[] = ['batch', 5]): Model {
  const b = new GraphBuilder();
  b.output(b.op('Identity', [b.input('x', 'float32', shape)]));
  return b.build();
}

function lossGraph(temperature: number, alpha: number, teacher: Model = echo()) {
  const b = new GraphBuilder();
  const logits = b.input('logits', 'float32', DIMS);
  const loss = distillationLoss({ teacher, hard: crossEntropy(), temperature, alpha });
  const losses = loss({
    b,
    outputs: [logits],
    x: b.input('x', 'float32', DIMS),
    y: b.input('y', 'int32', [4]),
    target: { kind: 'class', classes: 5 },
  });
  const mean = b.op('ReduceMean', [losses], { keepdims: 0 });
  const [gradient] = buildBackward(b, mean, [logits]);
  b.output(losses);
  b.output(gradient!);
  return { b, names: [losses.name, gradient!.name] };
}

test.each(REFERENCE.cases)(
  'losses and gradients are those of PyTorch for T = $temperature, α = $alpha',
  async (expected) => {
    const { b, names } = lossGraph(expected.temperature, expected.alpha);
    const session = await Session.create(b.build());
    const feeds = {
      logits: { dataType: 'float32', dims: DIMS, data: Float32Array.from(REFERENCE.student) },
      x: { dataType: 'float32', dims: DIMS, data: Float32Array.from(REFERENCE.teacher) },
      y: { dataType: 'int32', dims: [4], data: Int32Array.from(REFERENCE.labels) },
    } as const;
    const results = await session.run(feeds);
    await session.release();
    const [losses, gradient] = names.map((name) => Array.from(results[name]!.data as Float32Array));
    expect(largestError(losses!, expected.losses)).toBeLessThan(TOLERANCE);
    expect(largestError(gradient!, expected.gradient)).toBeLessThan(TOLERANCE);
  },
);

test('alpha 0 is the very loss of plain training', () => {
  const hard = crossEntropy();
  expect(distillationLoss({ teacher: echo(), hard, temperature: 4, alpha: 0 })).toBe(hard);
});

test('alpha 1 needs no labels', () => {
  const hard = () => {
    throw new Error('the labels were asked for');
  };
  const b = new GraphBuilder();
  const logits = b.input('logits', 'float32', DIMS);
  const loss = distillationLoss({ teacher: echo(), hard, temperature: 2, alpha: 1 });
  const context = { b, outputs: [logits], x: b.input('x', 'float32', DIMS), y: b.input('y', 'int32', [4]) };
  expect(loss({ ...context, target: { kind: 'class', classes: 5 } }).shape).toEqual([4]);
});

test('a teacher with another number of classes is refused', () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', 5]);
  b.output(b.op('MatMul', [x, b.initializer('w', floatTensor(new Float32Array(15), [5, 3]))]));
  expect(() => lossGraph(4, 0.5, b.build())).toThrow('The teacher gives [4, 3], the student [4, 5].');
});

test('a teacher that takes other samples is refused', () => {
  expect(() => lossGraph(4, 0.5, echo(['batch', 3, 8, 8]))).toThrow(
    'The teacher takes x [batch, 3, 8, 8]; a batch of the data set is [4, 5].',
  );
});

test('a teacher of an older opset takes part', () => {
  const teacher = echo();
  teacher.opsets.set('', 13);
  expect(() => lossGraph(4, 0.5, teacher)).not.toThrow();
});
