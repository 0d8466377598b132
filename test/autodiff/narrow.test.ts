import { describe, expect, it } from 'vitest';
import { buildBackward } from '../../src/autodiff/index.js';
import { GraphBuilder, type Value } from '../../src/onnx/builder.js';
import { floatTensor, sizeOf } from '../../src/onnx/tensor.js';
import { runOnNoise } from '../support/run-graph.js';

/** What comes before the mean; by input name, each with its shape. */
interface Case {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly build: (b: GraphBuilder, inputs: Readonly<Record<string, Value>>) => Value;
  /** Axes of the mean. Default [1], the tokens of [batch, tokens, width]. */
  readonly axes?: readonly number[];
  readonly keepdims?: number;
}

const X = { x: [2, 3, 4] };

const CASES: Readonly<Record<string, Case>> = {
  'a bias that is a vector': {
    inputs: { ...X, c: [4] },
    build: (b, { x, c }) => b.op('Add', [x!, c!]),
  },
  'a bias for every token': {
    inputs: { ...X, c: [3, 4] },
    build: (b, { x, c }) => b.op('Add', [x!, c!]),
  },
  'a bias that is the same for all tokens': {
    inputs: { ...X, c: [2, 1, 4] },
    build: (b, { x, c }) => b.op('Sub', [x!, c!]),
  },
  'a linear layer': {
    inputs: { ...X, w: [4, 5], c: [5] },
    build: (b, { x, w, c }) => b.op('Add', [b.op('MatMul', [x!, w!]), c!]),
  },
  'a linear layer whose width is averaged': {
    inputs: { ...X, w: [4, 5] },
    build: (b, { x, w }) => b.op('MatMul', [x!, w!]),
    axes: [2],
  },
  'all of it': {
    inputs: { ...X, w: [4, 5] },
    build: (b, { x, w }) => b.op('MatMul', [x!, w!]),
    axes: [0, 1, 2],
  },
  'rows of a matrix, axes kept': {
    inputs: { x: [3, 4], w: [4, 2] },
    build: (b, { x, w }) => b.op('MatMul', [x!, w!]),
    axes: [0],
    keepdims: 1,
  },
  'a product of batches': {
    inputs: { ...X, y: [2, 4, 5] },
    build: (b, { x, y }) => b.op('MatMul', [x!, y!]),
  },
  'a batch times a vector': {
    inputs: { ...X, v: [4] },
    build: (b, { x, v }) => b.op('MatMul', [x!, v!]),
  },
  'a vector times a batch': {
    inputs: { v: [3], y: [2, 3, 4] },
    build: (b, { v, y }) => b.op('MatMul', [v!, y!]),
  },
  'one batch for another one': {
    inputs: { x: [1, 3, 4], y: [2, 4, 5] },
    build: (b, { x, y }) => b.op('MatMul', [x!, y!]),
    axes: [0, 1],
  },
  'a factor for every channel': {
    inputs: { ...X, s: [4] },
    build: (b, { x, s }) => b.op('Mul', [x!, s!]),
  },
  'factors that both broadcast': {
    inputs: { s: [2, 1, 4], t: [1, 3, 1] },
    build: (b, { s, t }) => b.op('Mul', [s!, t!]),
  },
  'a factor that is a number': {
    inputs: { ...X, s: [1] },
    build: (b, { x, s }) => b.op('Mul', [b.op('Gelu', [x!]), s!]),
  },
  'a block with a way around it': {
    inputs: { ...X, v: [4, 6], w: [6, 4] },
    build: (b, { x, v, w }) => b.op('Add', [x!, b.op('MatMul', [b.op('Relu', [b.op('MatMul', [x!, v!])]), w!])]),
  },
  'a reshape in between': {
    inputs: { ...X, w: [4, 4] },
    build: (b, { x, w }) => b.op('Reshape', [b.op('MatMul', [x!, w!]), b.ints([2, 4, 3])]),
  },
  'a mean of a mean': {
    inputs: { x: [2, 3, 4, 2] },
    build: (b, { x }) => b.op('ReduceMean', [b.op('Mul', [x!, x!]), b.ints([2])], { keepdims: 0 }),
  },
};

describe('gradients that are the same along an axis', () => {
  for (const [name, given] of Object.entries(CASES)) {
    for (const reduction of ['ReduceMean', 'ReduceSum'] as const) {
      it(`${reduction}: ${name}`, async () => {
        const narrow = await gradientsOf(given, (b, value, out) => {
          const { axes = [1], keepdims = 0 } = given;
          const reduced = b.op(reduction, [value, b.ints(axes)], { keepdims });
          const seed = b.input('seed', 'float32', reduced.shape!);
          return buildBackward(b, reduced, out, { seed });
        });
        // The same gradient, handed over at its full size by hand.
        const full = await gradientsOf(given, (b, value, out) => {
          const { axes = [1] } = given;
          const dims = value.shape as number[];
          const kept = dims.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
          const count = reduction === 'ReduceMean' ? sizeOf(dims) / sizeOf(kept) : 1;
          const reducedShape = given.keepdims === 1 ? kept : dims.filter((_, axis) => !axes.includes(axis));
          const seed = b.op('Reshape', [b.input('seed', 'float32', reducedShape), b.ints(kept)]);
          const wide = b.op('Expand', [b.op('Div', [seed, b.scalar(count)]), b.ints(dims)]);
          return buildBackward(b, value, out, { seed: wide });
        });
        for (const [input, values] of Object.entries(full)) {
          expect(narrow[input]!.length).toBe(values.length);
          values.forEach((value, i) => {
            expect(narrow[input]![i], `${input}[${i}]`).toBeCloseTo(value, 5);
          });
        }
      });
    }
  }

  it('stay small through a linear layer', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [8, 64, 16]);
    const w = b.initializer('w', floatTensor(new Float32Array(64), [16, 4]));
    const mean = b.op('ReduceMean', [b.op('MatMul', [x, w]), b.ints([1])], { keepdims: 0 });
    const before = b.graph.nodes.length;
    const [dX, dW] = buildBackward(b, b.op('ReduceSum', [mean], { keepdims: 0 }), [x, w]);
    const wide = b.graph.nodes.slice(before).filter(({ outputs }) => b.value(outputs[0]!).shape?.includes(64) === true);
    // The tokens are summed before the product, and the input's gradient is repeated after it.
    expect(wide.map(({ opType }) => opType)).toEqual(['Expand']);
    expect(dX!.shape).toEqual([8, 64, 16]);
    expect(dW!.shape).toEqual([16, 4]);
  });
});

async function gradientsOf(
  { inputs, build }: Case,
  backward: (b: GraphBuilder, value: Value, wrt: readonly Value[]) => (Value | null)[],
): Promise<Record<string, number[]>> {
  const b = new GraphBuilder({ opset: 20 });
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, dims]) => [name, b.input(name, 'float32', dims)]),
  );
  backward(b, build(b, values), Object.values(values)).forEach((gradient, i) => {
    b.output(gradient!, `d ${Object.keys(inputs)[i]}`);
  });
  const results = await runOnNoise(b);
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...(data as Float32Array)]]));
}
