import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.js';
import { foldBatchNormalization } from '../../src/onnx/fold-batch-normalization.js';
import { GraphBuilder, type Model, type Value } from '../../src/onnx/index.js';
import { largestError, normParameters, randomBatch, randomTensor, run } from '../quantize/networks.js';

/** Folding rounds each weight once: a few epsilons of values around 10. */
const TOLERANCE = 1e-5;

function opsOf(model: Model): string[] {
  return model.graph.nodes.map((node) => node.opType);
}

/** x → the operator → BatchNormalization → y. */
function normalized(
  inputShape: number[],
  channels: number,
  operator: (b: GraphBuilder, x: Value, random: Random) => Value,
): Model {
  const random = new Random(5);
  const b = new GraphBuilder();
  const y = operator(b, b.input('x', 'float32', ['batch', ...inputShape]), random);
  const parameters = normParameters(random, channels).map((tensor, i) => b.initializer(`norm.${i}`, tensor));
  b.output(
    b.op('BatchNormalization', [y, ...parameters], { epsilon: { type: 'float', value: 1e-3 } }, { name: 'norm' }),
  );
  return b.build();
}

async function expectFolded(model: Model, batch: ReturnType<typeof randomBatch>): Promise<void> {
  const folded = foldBatchNormalization(model);
  expect(opsOf(folded)).not.toContain('BatchNormalization');
  expect([...folded.graph.initializers.keys()].filter((name) => name.startsWith('norm.'))).toEqual([]);
  const { error, message } = largestError(await run(folded, batch), await run(model, batch));
  expect(error, message).toBeLessThanOrEqual(TOLERANCE);
}

test('a Conv with groups and without a bias takes it up', async () => {
  const model = normalized([4, 5, 5], 6, (b, x, random) =>
    b.op('Conv', [x, b.initializer('w', randomTensor(random, [6, 2, 3, 3], 0.3))], { group: 2 }),
  );
  await expectFolded(model, randomBatch(1, [2, 4, 5, 5]));
});

test('a Conv with a bias takes it up', async () => {
  const model = normalized([2, 5, 5], 3, (b, x, random) => {
    const weights = [randomTensor(random, [3, 2, 3, 3], 0.3), randomTensor(random, [3])];
    return b.op('Conv', [x, ...weights.map((tensor, i) => b.initializer(`w${i}`, tensor))]);
  });
  await expectFolded(model, randomBatch(2, [2, 2, 5, 5]));
});

test('a ConvTranspose with groups takes it up', async () => {
  const model = normalized([4, 3, 3], 6, (b, x, random) =>
    b.op('ConvTranspose', [x, b.initializer('w', randomTensor(random, [4, 3, 2, 2], 0.3))], {
      group: 2,
      strides: [2, 2],
    }),
  );
  await expectFolded(model, randomBatch(3, [2, 4, 3, 3]));
});

test.each([0, 1])('a Gemm with transB %i, alpha and beta takes it up', async (transB) => {
  const model = normalized([4], 3, (b, x, random) => {
    const w = b.initializer('w', randomTensor(random, transB === 1 ? [3, 4] : [4, 3]));
    const c = b.initializer('c', randomTensor(random, [1, 3]));
    const factors = { alpha: { type: 'float', value: 0.5 }, beta: { type: 'float', value: 2 } } as const;
    return b.op('Gemm', [x, w, c], { transB, ...factors });
  });
  await expectFolded(model, randomBatch(4, [2, 4]));
});

test('a weight that two convolutions share is folded for each of them alone', async () => {
  const random = new Random(6);
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', 2, 4, 4]);
  const w = b.initializer('w', randomTensor(random, [2, 2, 1, 1]));
  const branches = [1, 2].map((branch) => {
    const parameters = normParameters(random, 2).map((tensor, i) => b.initializer(`norm.${branch}.${i}`, tensor));
    return b.op('BatchNormalization', [b.op('Conv', [x, w]), ...parameters]);
  });
  b.output(b.op('Add', branches));
  const model = b.build();
  await expectFolded(model, randomBatch(7, [2, 2, 4, 4]));
  expect([...foldBatchNormalization(model).graph.initializers.keys()]).not.toContain('w');
});

test('a normalization stays where others read the value before it', () => {
  const random = new Random(8);
  const b = new GraphBuilder();
  const y = b.op('Conv', [
    b.input('x', 'float32', ['batch', 2, 4, 4]),
    b.initializer('w', randomTensor(random, [2, 2, 1, 1])),
  ]);
  const parameters = normParameters(random, 2).map((tensor, i) => b.initializer(`norm.${i}`, tensor));
  b.output(b.op('Add', [y, b.op('BatchNormalization', [y, ...parameters])]));
  expect(opsOf(foldBatchNormalization(b.build()))).toEqual(['Conv', 'BatchNormalization', 'Add']);
});

test('a normalization without an operator before it stays', () => {
  const model = normalized([2, 3, 3], 2, (b, x) => b.op('Relu', [x]));
  expect(opsOf(foldBatchNormalization(model))).toEqual(['Relu', 'BatchNormalization']);
});

test('the model given stays as it was', () => {
  const model = normalized([2, 3, 3], 2, (b, x, random) =>
    b.op('Conv', [x, b.initializer('w', randomTensor(random, [2, 2, 1, 1]))]),
  );
  foldBatchNormalization(model);
  expect(opsOf(model)).toEqual(['Conv', 'BatchNormalization']);
  expect(model.graph.nodes[0]!.inputs).toEqual(['x', 'w']);
});
