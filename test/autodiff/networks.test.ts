import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { appendForward, buildBackward } from '../../src/autodiff/index.js';
import { GraphBuilder, type Value } from '../../src/onnx/builder.js';
import { floatTensor, int64Tensor } from '../../src/onnx/tensor.js';
import { floatFeed, Session } from '../../src/runtime/session.js';
import { expectClose } from '../support/gradient-vectors.js';

interface Recorded {
  readonly x: readonly number[];
  readonly labels: readonly number[];
  readonly loss: number;
  readonly parameters: Readonly<
    Record<
      string,
      { readonly dims: readonly number[]; readonly values: readonly number[]; readonly gradient: readonly number[] }
    >
  >;
}

const RECORDED = (
  JSON.parse(readFileSync(new URL('../fixtures/network-gradients.json', import.meta.url), 'utf8')) as {
    readonly networks: Readonly<Record<string, Recorded>>;
  }
).networks;

/** A network over named weights; also a helper for linear layers as PyTorch writes them. */
type Network = (b: GraphBuilder, x: Value, w: (name: string) => Value) => Value;

/** The network as a model with its weights inside, then its training graph, run once. */
async function gradientsOf(name: string, xDims: number[], network: Network) {
  const recorded = RECORDED[name]!;
  const source = new GraphBuilder();
  const weights = new Map<string, Value>();
  for (const [key, { dims, values }] of Object.entries(recorded.parameters)) {
    weights.set(key, source.initializer(key, floatTensor(values, dims)));
  }
  const input = source.input('x', 'float32', ['N', ...xDims.slice(1)]);
  source.output(
    network(source, input, (key) => weights.get(key)!),
    'logits',
  );

  const b = new GraphBuilder();
  const x = b.input('x', 'float32', xDims);
  const parameters = Object.entries(recorded.parameters).map(
    ([key, { dims }]) => [key, b.input(key, 'float32', dims)] as const,
  );
  const { outputs } = appendForward(b, source.build(), {
    inputs: { x },
    bindings: new Map(parameters),
    training: true,
  });
  const labels = b.constant(int64Tensor(recorded.labels, [recorded.labels.length, 1]));
  const picked = b.op('GatherElements', [b.op('LogSoftmax', [outputs.logits!]), labels], { axis: 1 });
  const loss = b.op('Neg', [b.op('ReduceMean', [picked], { keepdims: 0 })]);
  const gradients = buildBackward(
    b,
    loss,
    parameters.map(([, value]) => value),
  );
  b.output(loss, 'loss');
  gradients.forEach((gradient, index) => {
    b.output(gradient!, `gradient:${parameters[index]![0]}`);
  });
  const session = await Session.create(b.build());
  const feeds = Object.fromEntries(
    Object.entries(recorded.parameters).map(([key, { dims, values }]) => [
      key,
      floatFeed(Float32Array.from(values), dims),
    ]),
  );
  const results = await session.run({ ...feeds, x: floatFeed(Float32Array.from(recorded.x), xDims) });
  await session.release();
  return { recorded, results };
}

async function expectSameAsPyTorch(name: string, xDims: number[], tolerance: number, network: Network): Promise<void> {
  const { recorded, results } = await gradientsOf(name, xDims, network);
  expectClose(results.loss!.data as Float32Array, [recorded.loss], tolerance, 'loss');
  for (const [key, { gradient }] of Object.entries(recorded.parameters)) {
    expectClose(results[`gradient:${key}`]!.data as Float32Array, gradient, tolerance, key);
  }
}

describe('gradients of whole networks', () => {
  it('agree with PyTorch for convolutions, pooling and linear layers', async () => {
    await expectSameAsPyTorch('lenet', [3, 2, 14, 14], 1e-5, (b, x, w) => {
      const block = (value: Value, name: string) =>
        b.op('MaxPool', [b.op('Relu', [b.op('Conv', [value, w(name), w(`${name}.bias`)])])], {
          kernel_shape: [2, 2],
          strides: [2, 2],
        });
      const linear = (value: Value, name: string) => b.op('Gemm', [value, w(name), w(`${name}.bias`)], { transB: 1 });
      const flat = b.op('Flatten', [block(block(x, 'conv1'), 'conv2')]);
      return linear(b.op('Relu', [linear(flat, 'fc1')]), 'fc2');
    });
  });

  it('agree with PyTorch for a transformer block', async () => {
    await expectSameAsPyTorch('transformer', [3, 5, 8], 1e-5, (b, x, w) => {
      const linear = (value: Value, name: string) => b.op('Add', [b.op('MatMul', [value, w(name)]), w(`${name}.bias`)]);
      const norm = (value: Value, name: string) =>
        b.op('LayerNormalization', [value, w(`${name}.scale`), w(`${name}.bias`)]);
      const heads = (value: Value) =>
        b.op('Transpose', [b.op('Reshape', [value, b.ints([-1, 5, 2, 4])])], { perm: [0, 2, 1, 3] });
      const y = norm(x, 'norm1');
      const [query, value] = ['query', 'value'].map((name) => heads(linear(y, name)));
      const key = heads(b.op('MatMul', [y, w('key')]));
      const scores = b.op('MatMul', [query!, b.op('Transpose', [key], { perm: [0, 1, 3, 2] })]);
      const attention = b.op('Softmax', [b.op('Mul', [scores, b.scalar(0.5)])]);
      const mixed = b.op('Transpose', [b.op('MatMul', [attention, value!])], { perm: [0, 2, 1, 3] });
      const z = b.op('Add', [x, linear(b.op('Reshape', [mixed, b.ints([-1, 5, 8])]), 'out')]);
      const up = linear(norm(z, 'norm2'), 'up');
      // Gelu as exporters write it for opset 18.
      const cumulative = b.op('Add', [b.op('Erf', [b.op('Div', [up, b.scalar(Math.SQRT2)])]), b.scalar(1)]);
      const gelu = b.op('Mul', [b.op('Mul', [up, cumulative]), b.scalar(0.5)]);
      const last = b.op('Add', [z, linear(gelu, 'down')]);
      return linear(b.op('ReduceMean', [last, b.ints([1])], { keepdims: 0 }), 'head');
    });
  });

  it('agree with PyTorch for a residual network with batch normalization', async () => {
    await expectSameAsPyTorch('residual', [4, 2, 8, 8], 2e-5, (b, x, w) => {
      const norm = (value: Value, name: string) => {
        const channels = value.shape![1] as number;
        const statistics = [0, 1].map((start) => b.constant(floatTensor(new Array(channels).fill(start), [channels])));
        return b.op('BatchNormalization', [value, w(`${name}.scale`), w(`${name}.bias`), ...statistics]);
      };
      const conv = (value: Value, name: string, stride = 1) => {
        const size = w(name).shape![2] as number;
        const pad = (size - 1) / 2;
        const attributes = { strides: [stride, stride], pads: [pad, pad, pad, pad] };
        return norm(b.op('Conv', [value, w(name)], attributes), `${name}.norm`);
      };
      const y = b.op('Relu', [conv(x, 'stem')]);
      const inner = conv(b.op('Relu', [conv(y, 'first', 2)]), 'second');
      const sum = b.op('Relu', [b.op('Add', [inner, conv(y, 'shortcut', 2)])]);
      const pooled = b.op('Flatten', [b.op('GlobalAveragePool', [sum])]);
      return b.op('Gemm', [pooled, w('head'), w('head.bias')], { transB: 1 });
    });
    expect(Object.keys(RECORDED.residual!.parameters)).toHaveLength(14);
  });
});
