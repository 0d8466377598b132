import { expect, test } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { GraphBuilder, type Value } from '../../../src/onnx/builder.js';
import { cloneModel, type Model } from '../../../src/onnx/ir.js';
import { floatFeed, Session } from '../../../src/runtime/session.js';
import { forWebgpu } from '../../../src/runtime/webgpu/for-webgpu.js';
import { miscomputedByWebgpu } from '../../../src/runtime/webgpu/widen-convolution.js';
import { expectClose } from '../../support/gradient-vectors.js';

// Here on the CPU, where both forms of a model have kernels; on WebGPU: test/conformance/webgpu-provider.ts.

/** Sums of as many terms as here, in another order. */
const RTOL_FLOAT32 = 1e-5;

function graph(make: (b: GraphBuilder) => readonly Value[]): Model {
  const b = new GraphBuilder();
  for (const value of make(b)) b.output(value);
  return b.build();
}

async function outputsOf(model: Model): Promise<Record<string, Float32Array>> {
  const session = await Session.create(model);
  const random = new Random('feeds');
  const feeds = model.graph.inputs.map(({ name, shape }) => {
    const dims = shape as readonly number[];
    const size = dims.reduce((product, dim) => product * dim, 1);
    return [
      name,
      floatFeed(
        Float32Array.from({ length: size }, () => random.normal()),
        dims,
      ),
    ] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

/** The operators after the rewrite, which must compute the same and leave the given model alone. */
async function rewritten(model: Model): Promise<string[]> {
  const before = cloneModel(model);
  const other = forWebgpu(model);
  expect(model).toEqual(before);
  const expected = await outputsOf(model);
  const actual = await outputsOf(other);
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) expectClose(actual[name]!, values, RTOL_FLOAT32, name);
  return other.graph.nodes.map(({ opType }) => opType);
}

test('a product of transposed factors, of which WebGPU has none, becomes transpositions and a product', async () => {
  const product = (transA: number, transB: number) =>
    graph((b) => {
      const x = b.input('x', 'float32', transA === 1 ? [2, 3, 5] : [2, 5, 3]);
      const y = b.input('y', 'float32', transB === 1 ? [2, 4, 3] : [2, 3, 4]);
      return [b.op('FusedMatMul', [x, y], { transA, transB }, { domain: 'com.microsoft' })];
    });
  expect(await rewritten(product(1, 1))).toEqual(['Transpose', 'Transpose', 'MatMul']);
  expect(await rewritten(product(1, 0))).toEqual(['Transpose', 'MatMul']);
  expect(await rewritten(product(0, 1))).toEqual(['Transpose', 'MatMul']);
  expect(await rewritten(product(0, 0))).toEqual(['MatMul']);
});

test('a product with another attribute stays, as its meaning would change', () => {
  const model = graph((b) => {
    const [x, y] = [b.input('x', 'float32', [3, 3]), b.input('y', 'float32', [3, 3])];
    return [b.op('FusedMatMul', [x, y], { alpha: { type: 'float', value: 2 } }, { domain: 'com.microsoft' })];
  });
  expect(forWebgpu(model).graph.nodes.map(({ opType }) => opType)).toEqual(['FusedMatMul']);
});

test('a vector is split by slices if a shader has too few buffers for its parts', async () => {
  const split = (parts: number) =>
    graph((b) => {
      const sizes = Array.from({ length: parts }, (_, i) => i + 1);
      const x = b.input('x', 'float32', [2, sizes.reduce((sum, size) => sum + size)]);
      return b.ops('Split', [x, b.ints(sizes)], parts, { axis: 1 });
    });
  expect(await rewritten(split(7))).toEqual(['Split']);
  expect(await rewritten(split(8))).toEqual(Array(8).fill('Slice'));
});

test('many values are joined in groups', async () => {
  const concat = (parts: number) =>
    graph((b) => {
      const values = Array.from({ length: parts }, (_, i) => b.input(`x${i}`, 'float32', [2, i + 1]));
      return [b.op('Concat', values, { axis: 1 })];
    });
  expect(await rewritten(concat(7))).toEqual(['Concat']);
  expect(await rewritten(concat(8))).toEqual(['Concat', 'Concat']);
  // Eight groups of seven, the last of one value; then two groups of those, the last of one again.
  expect(await rewritten(concat(50))).toEqual(Array(7 + 1 + 1).fill('Concat'));
});

test('batch statistics are computed from sums', async () => {
  const model = graph((b) => {
    const [x, scale, bias, mean, variance] = [[4, 3, 5, 5], [3], [3], [3], [3]].map((shape, i) =>
      b.input(`in${i}`, 'float32', shape),
    );
    return b.ops('BatchNormalization', [x!, scale!, bias!, mean!, variance!], 3, {
      training_mode: 1,
      momentum: { type: 'float', value: 0 },
      epsilon: 1e-3,
    });
  });
  const nodes = await rewritten(model);
  expect(nodes.filter((opType) => opType === 'BatchNormalization')).toHaveLength(1);
  const { attributes } = forWebgpu(model).graph.nodes.at(-1)!;
  expect([...attributes.keys()]).toEqual(['epsilon']);
});

const convolution = (channels: number, filters: number, group = 1) =>
  graph((b) => {
    const x = b.input('x', 'float32', [2, channels, 6, 6]);
    const w = b.input('w', 'float32', [filters, channels / group, 3, 3]);
    return [
      b.op('Conv', [x, w, b.input('bias', 'float32', [filters])], { group, pads: [1, 1, 1, 1], strides: [2, 2] }),
    ];
  });

test.each([
  [6, 16],
  [9, 4],
  [15, 8],
])('a convolution from %i to %i channels, wrong on WebGPU, gets channels of zeros', async (channels, filters) => {
  const model = convolution(channels, filters);
  expect(miscomputedByWebgpu(model)).toEqual(['conv']);
  expect(await rewritten(model)).toEqual(['Pad', 'Pad', 'Conv']);
  expect(miscomputedByWebgpu(forWebgpu(model))).toEqual([]);
});

test.each([
  [3, 16, 1],
  [12, 16, 1],
  [6, 6, 1],
  [5, 16, 1],
  [6, 12, 2],
])('a convolution from %i to %i channels in %i groups stays as it is', (channels, filters, group) => {
  const model = convolution(channels, filters, group);
  expect(miscomputedByWebgpu(model)).toEqual([]);
  expect(forWebgpu(model).graph.nodes).toEqual(model.graph.nodes);
});
