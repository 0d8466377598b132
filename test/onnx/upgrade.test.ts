import { describe, expect, test } from 'vitest';
import { Random } from '../../src/core/random.js';
import { GraphBuilder, type Value } from '../../src/onnx/builder.js';
import { checkModel } from '../../src/onnx/check.js';
import { inferShapes } from '../../src/onnx/infer.js';
import type { Attribute, Model } from '../../src/onnx/ir.js';
import { floatTensor, sizeOf } from '../../src/onnx/tensor.js';
import { upgradeOpset } from '../../src/onnx/upgrade.js';
import { type Feed, Session } from '../../src/runtime/session.js';

type Build = (b: GraphBuilder, x: Value) => Value;

const floats = (...value: number[]): Attribute => ({ type: 'floats', value });

function weights(b: GraphBuilder, name: string, dims: number[], seed: number): Value {
  return b.initializer(name, floatTensor(random(sizeOf(dims), seed), dims));
}

function random(length: number, seed: number): Float32Array {
  const source = new Random(seed);
  return Float32Array.from({ length }, () => source.normal());
}

function model(opset: number, shape: readonly number[], build: Build): Model {
  const b = new GraphBuilder({ opset });
  b.output(build(b, b.input('x', 'float32', shape)), 'y');
  return b.build();
}

async function outputsOf(source: Model, shape: readonly number[]): Promise<Record<string, Feed>> {
  const session = await Session.create(source);
  const outputs = await session.run({ x: { dataType: 'float32', dims: shape, data: random(sizeOf(shape), 7) } });
  await session.release();
  return outputs;
}

const cases: readonly (readonly [name: string, opset: number, shape: number[], build: Build])[] = [
  [
    'Squeeze and Unsqueeze',
    11,
    [2, 1, 3],
    (b, x) => b.op('Unsqueeze', [b.op('Squeeze', [x], { axes: [1] })], { axes: [0, 3] }),
  ],
  ['ReduceSum', 11, [2, 3, 4], (b, x) => b.op('ReduceSum', [x], { axes: [1], keepdims: 0 })],
  ['ReduceMean', 13, [2, 3, 4], (b, x) => b.op('ReduceMean', [x], { axes: [-1, 1] })],
  ['ReduceL2 over everything', 13, [2, 3], (b, x) => b.op('ReduceL2', [x], { keepdims: 0 })],
  ['Softmax over the last axis', 9, [2, 5], (b, x) => b.op('Softmax', [x])],
  ['Softmax over several axes at once', 11, [2, 3, 4], (b, x) => b.op('Softmax', [x], { axis: 1 })],
  ['LogSoftmax with the default axis', 11, [2, 3, 1, 2], (b, x) => b.op('LogSoftmax', [x])],
  ['Hardmax over axis 0', 11, [2, 3], (b, x) => b.op('Hardmax', [x], { axis: 0 })],
  ['Softmax of channels with nothing behind', 11, [2, 3, 1, 1], (b, x) => b.op('Softmax', [x], { axis: 1 })],
  ['Clip with both limits', 7, [2, 3], (b, x) => b.op('Clip', [x], { min: -0.5, max: 1 })],
  ['Clip with one limit', 10, [2, 3], (b, x) => b.op('Clip', [x], { max: 0 })],
  ['Dropout', 7, [2, 3], (b, x) => b.op('Dropout', [x], { ratio: 0.3 })],
  ['Slice', 9, [4, 5], (b, x) => b.op('Slice', [x], { starts: [1, -4], ends: [3, 2147483647], axes: [0, 1] })],
  ['Slice without axes', 7, [4, 5], (b, x) => b.op('Slice', [x], { starts: [1], ends: [-1] })],
  ['Pad', 10, [2, 3], (b, x) => b.op('Pad', [x], { pads: [0, 1, 1, 0], value: { type: 'float', value: 2.5 } })],
  ['Pad by reflection', 10, [2, 3], (b, x) => b.op('Pad', [x], { pads: [0, 1, 0, 1], mode: 'reflect' })],
  ['TopK', 9, [3, 5], (b, x) => b.ops('TopK', [x], 2, { k: 2, axis: 1 })[0]!],
  [
    'Upsample by attribute',
    7,
    [1, 2, 3, 3],
    (b, x) => b.op('Upsample', [x], { scales: floats(1, 1, 2, 3), mode: 'nearest' }),
  ],
  [
    'linear Upsample',
    9,
    [1, 2, 3, 3],
    (b, x) => b.op('Upsample', [x, b.constant(floatTensor([1, 1, 2, 2], [4]))], { mode: 'linear' }),
  ],
  [
    'Resize by an odd factor',
    10,
    [1, 1, 4, 4],
    (b, x) => b.op('Resize', [x, b.constant(floatTensor([1, 1, 1.7, 1.3], [4]))]),
  ],
  [
    'a shrinking Resize',
    10,
    [1, 1, 7, 7],
    (b, x) => b.op('Resize', [x, b.constant(floatTensor([1, 1, 0.6, 0.4], [4]))]),
  ],
  [
    'a shrinking linear Resize',
    10,
    [1, 1, 7, 7],
    (b, x) => b.op('Resize', [x, b.constant(floatTensor([1, 1, 0.6, 0.4], [4]))], { mode: 'linear' }),
  ],
  ['Split with sizes', 11, [5, 2], (b, x) => b.ops('Split', [x], 2, { split: [2, 3] })[1]!],
  ['Split into equal parts', 13, [6, 2], (b, x) => b.ops('Split', [x], 3, { axis: 0 })[2]!],
  [
    'BatchNormalization',
    7,
    [2, 3, 2, 2],
    (b, x) => {
      const [scale, bias, mean] = ['s', 'b', 'm'].map((name, i) => weights(b, name, [3], i));
      const variance = b.initializer('v', floatTensor([0.5, 1, 2], [3]));
      return b.op('BatchNormalization', [x, scale!, bias!, mean!, variance], { spatial: 1, momentum: 0.8 });
    },
  ],
  [
    'Scatter',
    9,
    [2, 3],
    (b, x) => {
      const indices = b.op('ArgMax', [x], { axis: 1 });
      return b.op('Scatter', [x, indices, b.op('ReduceMin', [x], { axes: [1] })], { axis: 1 });
    },
  ],
  [
    'a convolution with everything that follows in old networks',
    8,
    [1, 2, 6, 6],
    (b, x) => {
      const conv = b.op('Conv', [x, weights(b, 'w', [4, 2, 3, 3], 1)], { pads: [1, 1, 1, 1] });
      const act = b.op('Clip', [conv], { min: 0, max: 6 });
      const pooled = b.op('MaxPool', [act], { kernel_shape: [2, 2], strides: [2, 2] });
      const flat = b.op('Squeeze', [b.op('GlobalAveragePool', [pooled])], { axes: [2, 3] });
      return b.op('Softmax', [b.op('Gemm', [flat, weights(b, 'fc', [4, 3], 2), weights(b, 'fb', [3], 3)])]);
    },
  ],
];

describe('upgradeOpset', () => {
  test.each(cases)('%s (opset %i) computes the same in later versions', async (_, opset, shape, build) => {
    const original = model(opset, shape, build);
    const expected = await outputsOf(original, shape);
    for (const target of [13, 18, 21]) {
      const upgraded = upgradeOpset(original, target);
      checkModel(upgraded);
      expect(upgraded.opsets.get('')).toBe(Math.max(target, opset));
      expect(await outputsOf(upgraded, shape)).toEqual(expected);
      expect(inferShapes(upgraded).get('y')!.shape).toEqual(expected.y!.dims);
    }
  });

  test('a dynamic batch stays dynamic through the old Softmax', async () => {
    const original = model(11, ['N' as never, 3, 4], (b, x) => b.op('Softmax', [x]));
    const upgraded = upgradeOpset(original, 13);
    for (const n of [1, 5]) {
      expect(await outputsOf(upgraded, [n, 3, 4])).toEqual(await outputsOf(original, [n, 3, 4]));
    }
  });

  test('the mask of Dropout keeps the type that its readers expect', () => {
    const original = model(7, [2, 3], (b, x) => b.op('Add', b.ops('Dropout', [x], 2)));
    const upgraded = upgradeOpset(original, 13);
    expect(upgraded.graph.nodes.map(({ opType }) => opType)).toEqual(['Dropout', 'Cast', 'Add', 'Identity']);
  });

  test('the original stays as it was, also inside its subgraphs', () => {
    const inner = model(11, [2, 3], (b, x) => b.op('ReduceSum', [x], { axes: [1] })).graph;
    inner.inputs = [];
    const original = model(11, [2, 3], (b, x) => {
      const condition = b.initializer('c', { dataType: 'bool', dims: [], bytes: Uint8Array.of(1) });
      b.op('Identity', [x], {}, { outputs: ['unused'] });
      return b.op('If', [condition], {
        then_branch: { type: 'graph', value: inner },
        else_branch: { type: 'graph', value: inner },
      });
    });
    const before = structuredClone(original);
    const upgraded = upgradeOpset(original, 13);
    expect(original).toEqual(before);
    const branch = upgraded.graph.nodes.find(({ opType }) => opType === 'If')!.attributes.get('then_branch');
    expect(branch?.type === 'graph' && branch.value.nodes[0]!.inputs).toHaveLength(2);
  });

  test('the old way to broadcast, which onnxruntime does not run, computes what it meant', async () => {
    const b = new GraphBuilder({ opset: 6 });
    const x = b.input('x', 'float32', [1, 2, 3]);
    const perChannel = b.initializer('bias', floatTensor([10, 20], [2]));
    const sum = b.op('Add', [x, perChannel], { broadcast: 1, axis: 1 });
    const slope = b.initializer('slope', floatTensor([0.5, 0.25], [2]));
    b.output(b.op('PRelu', [b.op('Neg', [sum]), slope]), 'y');
    const upgraded = upgradeOpset(b.build());
    const session = await Session.create(upgraded);
    const { y } = await session.run({
      x: { dataType: 'float32', dims: [1, 2, 3], data: Float32Array.of(0, 2, 4, 0, 4, 8) },
    });
    await session.release();
    expect([...y!.data]).toEqual([-5, -6, -7, -5, -6, -7]);
  });

  test('names of nodes and initializers stay', () => {
    const original = model(8, [1, 3], (b, x) =>
      b.op('Gemm', [x, weights(b, 'fc.weight', [3, 2], 1), weights(b, 'fc.bias', [2], 2)], {}, { name: 'fc' }),
    );
    const upgraded = upgradeOpset(original);
    expect(upgraded.opsets.get('')).toBe(18);
    expect(upgraded.graph.nodes).toEqual(original.graph.nodes);
    expect([...upgraded.graph.initializers.keys()]).toEqual(['fc.weight', 'fc.bias']);
  });

  test('a model that is newer comes back as an equal copy', () => {
    const original = model(18, [1, 3], (b, x) => b.op('Relu', [x]));
    expect(upgradeOpset(original, 13)).toEqual(original);
    expect(upgradeOpset(original, 13)).not.toBe(original);
  });

  test.each([
    [
      'BatchNormalization per position',
      7,
      (b: GraphBuilder, x: Value) => b.op('BatchNormalization', [x, x, x, x, x], { spatial: 0 }, { name: 'bn' }),
    ],
    [
      'Resize in both directions',
      10,
      (b: GraphBuilder, x: Value) => b.op('Resize', [x, b.constant(floatTensor([2, 0.5], [2]))], {}, { name: 'r' }),
    ],
    ['an opset below 6', 5, (b: GraphBuilder, x: Value) => b.op('Relu', [x])],
  ] as const)('%s is refused', (_, opset, build) => {
    expect(() => upgradeOpset(model(opset, [2, 3], build), 18)).toThrowErrorMatchingSnapshot();
  });
});

test('numbers that bound texts are refused by name', () => {
  const b = new GraphBuilder({ opset: 10 });
  b.output(b.op('Clip', [b.input('x', 'string', [2])], { min: { type: 'float', value: 0 } }, { name: 'clip' }));
  expect(() => upgradeOpset(b.build())).toThrow(
    'The node "clip" (Clip) computes in string, which it could not in this version, so the model cannot be brought to opset 11.',
  );
});
