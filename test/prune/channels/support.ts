import { expect } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { type AttributeInput, GraphBuilder, type Value } from '../../../src/onnx/builder.js';
import { cloneModel, type Model } from '../../../src/onnx/ir.js';
import { decodeModel } from '../../../src/onnx/read.js';
import { floatsOf, floatTensor, sizeOf } from '../../../src/onnx/tensor.js';
import { weightLayers } from '../../../src/onnx/weights.js';
import { encodeModel } from '../../../src/onnx/write.js';
import { type ChannelGroups, channelGroups, removeChannels } from '../../../src/prune/channels/index.js';
import { floatFeed, Session } from '../../../src/runtime/session.js';

/** A graph of layers with random weights, in few words. */
export class Net {
  readonly b: GraphBuilder;
  private readonly random = new Random('net');

  constructor(opset?: number) {
    this.b = new GraphBuilder(opset === undefined ? {} : { opset });
  }

  input(shape: readonly (number | string)[]): Value {
    return this.b.input('x', 'float32', shape);
  }

  constant(name: string, dims: readonly number[], offset = 0): Value {
    const values = Float32Array.from({ length: sizeOf(dims) }, () => offset + 0.5 * this.random.normal());
    return this.b.initializer(name, floatTensor(values, dims));
  }

  conv(name: string, x: Value, filters: number, attributes: Record<string, AttributeInput> = {}, kernel = 3): Value {
    const group = (attributes.group as number | undefined) ?? 1;
    const inputs = (x.shape![1] as number) / group;
    const [w, bias] = [
      this.constant(`${name}.weight`, [filters, inputs, kernel, kernel]),
      this.constant(`${name}.bias`, [filters]),
    ];
    const pad = (kernel - 1) / 2;
    return this.b.op('Conv', [x, w, bias], { pads: [pad, pad, pad, pad], ...attributes }, { name });
  }

  up(name: string, x: Value, filters: number, group = 1): Value {
    const w = this.constant(`${name}.weight`, [x.shape![1] as number, filters / group, 2, 2]);
    const bias = this.constant(`${name}.bias`, [filters]);
    return this.b.op('ConvTranspose', [x, w, bias], { strides: [2, 2], group }, { name });
  }

  norm(name: string, x: Value): Value {
    const channels = x.shape![1] as number;
    const vectors = ['scale', 'bias', 'mean', 'var'].map((part) =>
      this.constant(`${name}.${part}`, [channels], part === 'var' ? 5 : 1),
    );
    return this.b.op('BatchNormalization', [x, ...vectors], {}, { name });
  }

  linear(name: string, x: Value, outputs: number, isTransposed = true): Value {
    const inputs = x.shape![1] as number;
    const w = this.constant(`${name}.weight`, isTransposed ? [outputs, inputs] : [inputs, outputs]);
    return this.b.op(
      'Gemm',
      [x, w, this.constant(`${name}.bias`, [outputs])],
      { transB: isTransposed ? 1 : 0 },
      { name },
    );
  }

  matMul(name: string, x: Value, outputs: number): Value {
    return this.b.op(
      'MatMul',
      [x, this.constant(`${name}.weight`, [x.shape!.at(-1) as number, outputs])],
      {},
      { name },
    );
  }

  op(opType: string, inputs: readonly (Value | null)[], attributes: Record<string, AttributeInput> = {}): Value {
    return this.b.op(opType, inputs, attributes);
  }

  relu(x: Value): Value {
    return this.op('Relu', [x]);
  }

  done(output: Value): Model {
    this.b.output(output, 'y');
    return decodeModel(encodeModel(this.b.build()));
  }
}

/** Attention with three heads of 4, on sequences [N, 5, 8]. */
export function attention(): Model {
  const n = new Net();
  const x = n.input(['N', 5, 8]);
  const heads = (name: string, perm: readonly number[]) =>
    n.op('Transpose', [n.op('Reshape', [n.matMul(name, x, 12), n.b.ints([0, 0, 3, 4])])], { perm });
  const scores = n.op('MatMul', [heads('query', [0, 2, 1, 3]), heads('key', [0, 2, 3, 1])]);
  const weights = n.op('Softmax', [n.op('Mul', [scores, n.b.scalar(0.5)])], { axis: -1 });
  const mixed = n.op('Transpose', [n.op('MatMul', [weights, heads('value', [0, 2, 1, 3])])], { perm: [0, 2, 1, 3] });
  return n.done(n.matMul('out', n.op('Reshape', [mixed, n.b.ints([0, 0, 12])]), 8));
}

/** Some of the channels of every group, at least one and never all; which ones is drawn. */
export function drawChannels(groups: ChannelGroups, random: Random): Set<number> {
  return new Set(
    groups.groups.flatMap(({ sets }) => {
      const count = 1 + random.int(sets.length - 1);
      return Array.from(random.permutation(sets.length).subarray(0, count), (index) => sets[index]!);
    }),
  );
}

export interface ExactOptions {
  /** Zeros in all that belongs to a removed channel, instead of only in what multiplies it. */
  readonly zeroes?: 'all';
  /** How many outputs may be anything, where the model compares numbers for equality. Default 0. */
  readonly mayJump?: number;
  /** Of the input, where the model leaves them open otherwise than in the batch. */
  readonly dims?: readonly number[];
}

/**
 * Removes drawn channels, and expects what onnxruntime computes to stay the same as when nothing downstream listens to them: in the
 * model as it was, the weights that multiply these channels are 0, while the channels themselves are whatever they were.
 */
export async function expectExact(model: Model, seed: string, options: ExactOptions = {}): Promise<Model> {
  const groups = channelGroups(model);
  const removed = drawChannels(groups, new Random(seed));
  expect(removed.size, `seed ${seed}: something can be removed`).toBeGreaterThan(0);
  const smaller = removeChannels(model, groups, removed);
  const deaf = silenced(model, groups, removed, options.zeroes === 'all');
  const dims = options.dims ?? model.graph.inputs[0]!.shape!.map((dim) => (typeof dim === 'number' ? dim : 2));
  const [expected, actual] = [await outputOf(deaf, dims), await outputOf(decodeModel(encodeModel(smaller)), dims)];
  expect(actual.dims).toEqual(expected.dims);
  const largest = (values: readonly number[]) => values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  const size = largest(expected.data) || 1;
  const wrong = expected.data.flatMap((value, i) => (Math.abs(value - actual.data[i]!) / size < RTOL ? [] : [i]));
  const [first] = wrong;
  const shown =
    first === undefined ? '' : `output ${first} is ${actual.data[first]} instead of ${expected.data[first]}`;
  expect(wrong.length, `seed ${seed}: ${shown}`).toBeLessThanOrEqual(options.mayJump ?? 0);
  return smaller;
}

const RTOL = 1e-5;

/** The model with zeros where a layer multiplies a removed channel; or in all that belongs to one. */
function silenced(model: Model, { flow }: ChannelGroups, removed: ReadonlySet<number>, isAll: boolean): Model {
  const copy = cloneModel(model);
  const reductions = new Map(weightLayers(model).map((layer) => [layer.initializer, layer.reductionAxis]));
  for (const [name, tensor] of model.graph.initializers) {
    if (tensor.dataType !== 'float32') continue;
    const values = floatsOf(tensor).slice();
    tensor.dims.forEach((length, axis) => {
      if (!isAll && axis !== reductions.get(name)) return;
      const labels = flow.axesOf(name)![axis] as readonly number[];
      const inner = sizeOf(tensor.dims.slice(axis + 1));
      values.forEach((_, i) => {
        if (removed.has(flow.labels.find(labels[Math.floor(i / inner) % length]!))) values[i] = 0;
      });
    });
    copy.graph.initializers.set(name, floatTensor(values, tensor.dims));
  }
  return copy;
}

/** All outputs one behind the other. */
async function outputOf(model: Model, dims: readonly number[]): Promise<{ dims: unknown; data: number[] }> {
  const session = await Session.create(model);
  const random = new Random('input');
  const x = Float32Array.from({ length: sizeOf(dims) }, () => random.normal());
  try {
    const outputs = await session.run({ [session.inputNames[0]!]: floatFeed(x, dims) });
    const all = session.outputNames.map((name) => outputs[name]!);
    return { dims: all.map((each) => each.dims), data: all.flatMap(({ data }) => [...(data as Float32Array)]) };
  } finally {
    await session.release();
  }
}

/** Layer → [channels before, after], for those that changed. */
export function widths(before: Model, after: Model): Record<string, string> {
  const total = (model: Model) => new Map(channelGroups(model).layers.map(({ name, total }) => [name, total]));
  const [old, now] = [total(before), total(after)];
  return Object.fromEntries(
    [...old].filter(([name, n]) => now.get(name) !== n).map(([name, n]) => [name, `${n} → ${now.get(name)}`]),
  );
}
