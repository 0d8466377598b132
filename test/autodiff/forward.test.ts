import { describe, expect, it } from 'vitest';
import { appendForward, buildBackward } from '../../src/autodiff/index.js';
import { GraphBuilder, type Value } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { floatTensor, int64Tensor } from '../../src/onnx/tensor.js';
import { type Feed, floatFeed, Session } from '../../src/runtime/session.js';
import { expectClose } from '../support/gradient-vectors.js';

async function run(b: GraphBuilder, feeds: Record<string, Feed>): Promise<Record<string, number[]>> {
  const session = await Session.create(b.build());
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, feed]) => [name, Array.from(feed.data, Number)]));
}

/** x [N, 2] · weight, normalized twice. */
function normalizedTwice(): Model {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 2]);
  const weight = b.initializer('weight', floatTensor([1, 2, 3, 4], [2, 2]));
  const vector = (name: string, values: number[]) => b.initializer(name, floatTensor(values, [2]));
  let value = b.op('MatMul', [x, weight], {}, { outputs: ['product'] });
  for (const layer of ['bn1', 'bn2']) {
    value = b.op(
      'BatchNormalization',
      [
        value,
        vector(`${layer}.scale`, [2, 1]),
        vector(`${layer}.bias`, [0, 1]),
        vector(`${layer}.mean`, [0, 0]),
        vector(`${layer}.var`, [1, 1]),
      ],
      { momentum: 0.8, epsilon: { type: 'float', value: 0.001 } },
      { name: layer, outputs: [`${layer}.y`] },
    );
  }
  b.output(value, 'y');
  return b.build();
}

const X = [1, 0, 0, 1, 1, 1, -1, 2];

describe('appendForward', () => {
  it('gives the batch’s statistics of every normalization, each its own', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [4, 2]);
    const { outputs, batchStatistics } = appendForward(b, normalizedTwice(), { inputs: { x }, training: true });
    b.output(outputs.y!);
    expect(batchStatistics.map(({ mean, variance, ...rest }) => rest)).toEqual([
      { node: 'bn1', meanName: 'bn1.mean', varName: 'bn1.var', momentum: 0.8, count: 4 },
      { node: 'bn2', meanName: 'bn2.mean', varName: 'bn2.var', momentum: 0.8, count: 4 },
    ]);
    for (const { node, mean, variance } of batchStatistics) {
      b.output(mean, `${node}:mean`);
      b.output(variance, `${node}:variance`);
    }
    const results = await run(b, { x: floatFeed(Float32Array.from(X), [4, 2]) });
    // x · weight = (1,2), (3,4), (4,6), (5,6)
    expectClose(results['bn1:mean']!, [3.25, 4.5], 1e-6, 'mean');
    expectClose(results['bn1:variance']!, [2.1875, 2.75], 1e-6, 'variance');
    expectClose(results['bn2:mean']!, [0, 1], 1e-6, 'mean of the second');
    expectClose(results['bn2:variance']!, [4 * (2.1875 / 2.1885), 2.75 / 2.751], 1e-5, 'variance of the second');
  });

  it('keeps the statistics right in every later run of the session, with gradients', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [4, 2]);
    const { outputs, batchStatistics } = appendForward(b, normalizedTwice(), { inputs: { x }, training: true });
    const [dx] = buildBackward(b, b.op('ReduceSum', [b.op('Exp', [outputs.y!])], { keepdims: 0 }), [x]);
    b.output(dx!, 'dx');
    b.output(batchStatistics[0]!.mean, 'mean');
    const session = await Session.create(b.build());
    const feed = (values: number[]) => ({ x: floatFeed(Float32Array.from(values), [4, 2]) });
    const first = await session.run(feed(X));
    await session.run(feed(X.map((value) => 10 * value + 3)));
    const again = await session.run(feed(X));
    await session.release();
    expect([...(again.dx!.data as Float32Array)]).toEqual([...(first.dx!.data as Float32Array)]);
    expectClose(again.mean!.data as Float32Array, [3.25, 4.5], 1e-6, 'mean');
  });

  it('uses the stored statistics in inference form, and in training form where they are frozen', async () => {
    for (const form of [{ training: false }, { training: true, batchNorm: 'frozen' }] as const) {
      const b = new GraphBuilder();
      const x = b.input('x', 'float32', [4, 2]);
      const { outputs, batchStatistics } = appendForward(b, normalizedTwice(), { inputs: { x }, ...form });
      b.output(outputs.y!);
      expect(batchStatistics).toEqual([]);
      const results = await run(b, { x: floatFeed(Float32Array.from(X), [4, 2]) });
      const slope = 1 / Math.sqrt(1.001);
      const expected = [
        [1, 2],
        [3, 4],
        [4, 6],
        [5, 6],
      ].flatMap(([p, q]) => [4 * p! * slope * slope, (q! * slope + 1) * slope + 1]);
      expectClose(results[outputs.y!.name]!, expected, 1e-5, 'y');
    }
  });

  it('trains some normalizations and freezes others where told so by node', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [4, 2]);
    const { batchStatistics } = appendForward(b, normalizedTwice(), {
      inputs: { x },
      training: true,
      batchNorm: (node) => (node.name === 'bn1' ? 'frozen' : 'train'),
    });
    expect(batchStatistics.map(({ node }) => node)).toEqual(['bn2']);
  });

  it('keeps names where they are free, and renames a second copy', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [4, 2]);
    const weight = b.input('w', 'float32', [2, 2]);
    const student = appendForward(b, normalizedTwice(), {
      inputs: { x },
      bindings: new Map([['weight', weight]]),
      training: false,
    });
    const teacher = appendForward(b, normalizedTwice(), { inputs: { x }, training: false, prefix: 'teacher/' });
    const again = appendForward(b, normalizedTwice(), { inputs: { x }, training: false });
    expect(student.values.get('product')!.name).toBe('product');
    expect(teacher.values.get('product')!.name).toBe('teacher/product');
    expect(again.values.get('product')!.name).toBe('product.1');
    expect(b.graph.initializers.has('teacher/weight')).toBe(true);
    // The student's weight comes from outside; the third copy brought its own.
    expect(b.graph.nodes[0]!.inputs).toEqual(['x', 'w']);
    const names = b.graph.nodes.flatMap((node) => [node.name, ...node.outputs]);
    expect(new Set(b.graph.nodes.map((node) => node.name)).size).toBe(b.graph.nodes.length);
    expect(names).toContain('teacher/bn1');
  });

  it('turns dropout into a product with a mask from outside', async () => {
    const source = new GraphBuilder();
    const input = source.input('x', 'float32', ['N', 2]);
    const ratio = source.constant(floatTensor([0.25], []));
    source.output(source.op('Dropout', [input, ratio], {}, { name: 'drop' }), 'y');
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [3, 2]);
    const { outputs, masks } = appendForward(b, source.build(), { inputs: { x }, training: true });
    expect(masks).toEqual([{ input: 'mask:drop', shape: [3, 2], ratio: 0.25 }]);
    const [dx] = buildBackward(b, b.op('ReduceSum', [outputs.y!], { keepdims: 0 }), [x]);
    b.output(outputs.y!, 'result');
    b.output(dx!, 'dx');
    const mask = { dataType: 'uint8', dims: [3, 2], data: Uint8Array.of(1, 0, 1, 1, 0, 1) } as const;
    const results = await run(b, {
      x: floatFeed(Float32Array.of(3, 3, 6, 9, 12, -3), [3, 2]),
      'mask:drop': mask,
    });
    expectClose(results.result!, [4, 0, 8, 12, 0, -4], 1e-6, 'y');
    expectClose(results.dx!, [4 / 3, 0, 4 / 3, 4 / 3, 0, 4 / 3], 1e-6, 'dx');
  });

  it('makes shape arithmetic constant, so that a dynamic model differentiates with a fixed batch', () => {
    const source = new GraphBuilder();
    const input = source.input('x', 'float32', ['N', 2, 3]);
    const batch = source.op('Gather', [source.op('Shape', [input]), source.constant(int64Tensor([0], [1]))]);
    const shape = source.op('Concat', [batch, source.ints([-1])], { axis: 0 });
    source.output(source.op('Reshape', [input, shape]), 'y');
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [4, 2, 3]);
    const { outputs } = appendForward(b, source.build(), { inputs: { x }, training: true });
    expect(outputs.y!.shape).toEqual([4, 6]);
    const [dx] = buildBackward(b, b.op('ReduceSum', [outputs.y!], { keepdims: 0 }), [x]);
    expect(dx!.shape).toEqual([4, 2, 3]);
  });

  it('lets subgraphs read outer values by their new names', async () => {
    const branch = (name: string, opType: string): { type: 'graph'; value: Model['graph'] } => {
      const inner = new GraphBuilder({ name });
      inner.graph.nodes.push({
        name,
        opType,
        domain: '',
        inputs: ['x'],
        outputs: [`${name}.y`],
        attributes: new Map(),
      });
      inner.graph.outputs.push({ name: `${name}.y`, dataType: 'float32', shape: [2] });
      return { type: 'graph', value: inner.graph };
    };
    const source = new GraphBuilder();
    const input = source.input('x', 'float32', [2]);
    const isPositive = source.op('Greater', [source.op('ReduceSum', [input], { keepdims: 0 }), source.scalar(0)]);
    const chosen: Value = source.op('If', [isPositive], {
      then_branch: branch('yes', 'Neg'),
      else_branch: branch('no', 'Abs'),
    });
    source.graph.outputs.push({ name: chosen.name, dataType: 'float32', shape: [2] });
    const b = new GraphBuilder();
    const renamed = b.input('renamed', 'float32', [2]);
    const { outputs } = appendForward(b, source.build(), { inputs: { x: renamed }, training: false });
    const result = Object.values(outputs)[0]!;
    b.graph.outputs.push({ name: result.name, dataType: 'float32', shape: [2] });
    const results = await run(b, { renamed: floatFeed(Float32Array.of(1, 2), [2]) });
    expect(Object.values(results)[0]).toEqual([-1, -2]);
  });

  it('refuses to normalize a batch of unknown size, with the node', () => {
    const b = new GraphBuilder();
    const open = b.input('x', 'float32', [null, 2]);
    const weight = b.input('weight', 'float32', [2, 2]);
    const append = () =>
      appendForward(b, normalizedTwice(), {
        inputs: { x: open },
        bindings: new Map([['weight', weight]]),
        training: true,
      });
    expect(append).toThrowError(
      expect.objectContaining({
        code: 'AUTODIFF_DYNAMIC_SHAPE',
        problem: expect.stringMatching(/^The shape of "[^"]+" is not known before running: \[\?, 2\]\.$/),
        place: { kind: 'graph', node: 'bn1', opType: 'BatchNormalization' },
      }),
    );
  });
});
