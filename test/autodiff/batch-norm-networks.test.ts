import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { appendForward, blockConvolutions, buildBackward, probeChannelBlock } from '../../src/autodiff/index.js';
import { GraphBuilder, type Value } from '../../src/onnx/builder.js';
import { floatTensor, int64Tensor } from '../../src/onnx/tensor.js';
import { floatFeed, Session } from '../../src/runtime/session.js';
import { expectClose } from '../support/gradient-vectors.js';

interface Recorded {
  readonly seed: number;
  /** What the images of shifted activations lie around. */
  readonly around?: number;
  readonly loss: number;
  /** ‖g − g64‖ / ‖g64‖ of PyTorch's own float32. */
  readonly torchError: number;
  /** By weight: float64, little-endian, in base64. */
  readonly gradients: Readonly<Record<string, string>>;
}

const RECORDED = (
  JSON.parse(readFileSync(new URL('../fixtures/batch-norm-gradients.json', import.meta.url), 'utf8')) as {
    readonly networks: Readonly<Record<string, Recorded>>;
  }
).networks;

/** How far ours may be from float64, in errors of PyTorch's float32. */
const TORCH_ERRORS = 2;

interface Drawn {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** The networks of test/fixtures/generate/batch-norm-gradients.py, drawn from the same numbers in the same order. */
class Network {
  readonly source = new GraphBuilder();
  readonly weights = new Map<string, Drawn>();
  private state: number;

  constructor(seed: number) {
    this.state = seed;
  }

  /** scale · u + shift, rounded to float32, with u uniform in [−1, 1). */
  draw(dims: readonly number[], scale: number, shift: number): Drawn {
    const data = Float32Array.from({ length: dims.reduce((product, dim) => product * dim, 1) }, () => {
      this.state = (Math.imul(1664525, this.state) + 1013904223) >>> 0;
      return ((this.state >>> 8) / 2 ** 23 - 1) * scale + shift;
    });
    return { dims, data };
  }

  weight(name: string, dims: readonly number[], shift = 0): Value {
    const drawn = this.draw(dims, 0.25, shift);
    this.weights.set(name, drawn);
    return this.source.initializer(name, floatTensor(drawn.data, dims));
  }

  norm(x: Value, name: string): Value {
    const channels = x.shape![1] as number;
    const affine = [this.weight(`${name}.scale`, [channels], 1), this.weight(`${name}.bias`, [channels])];
    const running = [0, 1].map((start) => floatTensor(new Float32Array(channels).fill(start), [channels]));
    return this.source.op('BatchNormalization', [
      x,
      ...affine,
      ...running.map((tensor) => this.source.constant(tensor)),
    ]);
  }

  conv(x: Value, name: string, filters: number, size: number, { stride = 1, shift = 0 } = {}): Value {
    const weight = this.weight(name, [filters, x.shape![1] as number, size, size], shift);
    const attributes = { strides: [stride, stride], pads: Array<number>(4).fill((size - 1) / 2) };
    return this.norm(this.source.op('Conv', [x, weight], attributes), `${name}.norm`);
  }

  block(x: Value, name: string, filters: number, stride: number): Value {
    const first = this.relu(this.conv(x, `${name}.first`, filters, 3, { stride }));
    const second = this.conv(first, `${name}.second`, filters, 3);
    const shortcut = stride === 1 ? x : this.conv(x, `${name}.shortcut`, filters, 1, { stride });
    return this.relu(this.source.op('Add', [second, shortcut]));
  }

  head(x: Value, classes: number): void {
    const pooled = this.source.op('Flatten', [this.source.op('GlobalAveragePool', [x])]);
    const weight = this.weight('head', [classes, x.shape![1] as number]);
    const logits = this.source.op('Gemm', [pooled, weight, this.weight('head.bias', [classes])], { transB: 1 });
    this.source.output(logits, 'logits');
  }

  relu(x: Value): Value {
    return this.source.op('Relu', [x]);
  }
}

interface Case {
  readonly images: { readonly dims: readonly number[]; readonly scale: number; readonly shift: number };
  build(n: Network, x: Value): void;
}

const CASES: Readonly<Record<string, Case>> = {
  plain: {
    images: { dims: [8, 3, 12, 12], scale: 1, shift: 0 },
    build(n, x) {
      const y = n.relu(n.conv(x, 'conv1', 8, 3));
      n.head(n.relu(n.conv(y, 'conv2', 16, 3, { stride: 2 })), 4);
    },
  },
  residual: {
    images: { dims: [16, 3, 16, 16], scale: 1, shift: 0 },
    build(n, x) {
      const stem = n.relu(n.conv(x, 'stem', 8, 3));
      const middle = n.block(n.block(stem, 'block1', 8, 1), 'block2', 16, 2);
      n.head(n.block(middle, 'block3', 24, 2), 5);
    },
  },
  'shifted images': {
    images: { dims: [16, 4, 8, 8], scale: 0.1, shift: 60 },
    build(n, x) {
      n.head(n.relu(n.conv(n.norm(x, 'norm'), 'conv', 8, 3)), 4);
    },
  },
};

/** A recorded network. */
function caseOf(name: string): Case {
  const { around } = RECORDED[name]!;
  if (around === undefined) return CASES[name]!;
  return {
    images: { dims: [16, 4, 8, 8], scale: 0.5, shift: around },
    build(n, x) {
      const y = n.relu(n.conv(x, 'conv1', 8, 1, { shift: 0.5 }));
      n.head(n.relu(n.conv(y, 'conv2', 8, 3, { shift: 0.5 })), 4);
    },
  };
}

/** Loss and gradients, by weight, on onnxruntime. */
async function gradientsOf(name: string, block: number | null) {
  const { images, build } = caseOf(name);
  const n = new Network(RECORDED[name]!.seed);
  const input = n.draw(images.dims, images.scale, images.shift);
  build(n, n.source.input('x', 'float32', images.dims));

  const b = new GraphBuilder();
  const weights = [...n.weights].map(([name, { dims }]) => [name, b.input(name, 'float32', dims)] as const);
  const x = b.input('x', 'float32', images.dims);
  const form = { inputs: { x }, bindings: new Map(weights), training: true };
  const logits = appendForward(b, n.source.build(), form).outputs.logits!;
  const [count, classes] = logits.shape as [number, number];
  const labels = Array.from({ length: count }, (_, index) => index % classes);
  const picked = b.op('GatherElements', [b.op('LogSoftmax', [logits]), b.constant(int64Tensor(labels, [count, 1]))], {
    axis: 1,
  });
  const loss = b.op('Neg', [b.op('ReduceMean', [picked], { keepdims: 0 })]);
  const wrt = weights.map(([, value]) => value);
  buildBackward(b, loss, wrt).forEach((gradient, index) => {
    b.output(gradient!, `gradient:${wrt[index]!.name}`);
  });
  b.output(loss, 'loss');
  if (block !== null) expect(blockConvolutions(b, block)).toBeGreaterThan(0);

  const session = await Session.create(b.build());
  const feeds = [...n.weights, ['x', input] as const].map(([name, { dims, data }]) => [name, floatFeed(data, dims)]);
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return results;
}

function float64s(base64: string): Float64Array {
  const bytes = Buffer.from(base64, 'base64');
  return Float64Array.from({ length: bytes.length / 8 }, (_, index) => bytes.readDoubleLE(8 * index));
}

/** ‖g − g64‖ / ‖g64‖ over all weights together. */
function relativeError(actual: (name: string) => Float32Array, truth: Recorded['gradients']): number {
  let [error, norm] = [0, 0];
  for (const [name, base64] of Object.entries(truth)) {
    const expected = float64s(base64);
    const got = actual(name);
    expect(got.length, name).toBe(expected.length);
    expected.forEach((value, index) => {
      error += (got[index]! - value) ** 2;
      norm += value ** 2;
    });
  }
  return Math.sqrt(error / norm);
}

describe('gradients of networks with batch normalization', () => {
  for (const form of ['as they are written', 'with convolutions in channel blocks']) {
    it.for(Object.keys(RECORDED))(`are as close to float64 as PyTorch's, %s, ${form}`, async (name, { skip }) => {
      const block = form === 'as they are written' ? null : await probeChannelBlock();
      if (form !== 'as they are written' && block === null) skip('this CPU has no such kernels');
      const { loss, torchError, gradients } = RECORDED[name]!;
      const results = await gradientsOf(name, block);
      expectClose(results.loss!.data as Float32Array, [loss], 1e-5, 'loss');
      const error = relativeError((weight) => results[`gradient:${weight}`]!.data as Float32Array, gradients);
      expect(error / torchError).toBeLessThanOrEqual(TORCH_ERRORS);
    });
  }
});
