import { describe, expect, it } from 'vitest';
import { buildBackward, turnProducts } from '../../src/autodiff/index.js';
import { GraphBuilder, type Value } from '../../src/onnx/builder.js';
import { runOnNoise } from '../support/run-graph.js';

type Inputs = Readonly<Record<string, readonly number[]>>;
type Build = (b: GraphBuilder, values: Readonly<Record<string, Value>>) => Value;

/** A network, the sum of its squares, and the gradients of all inputs. */
function stepOf(inputs: Inputs, build: Build): GraphBuilder {
  const b = new GraphBuilder({ opset: 20 });
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, dims]) => [name, b.input(name, 'float32', dims)]),
  );
  const y = build(b, values);
  const loss = b.op('ReduceSum', [b.op('Mul', [y, y])], { keepdims: 0 });
  buildBackward(b, loss, Object.values(values)).forEach((gradient, i) => {
    b.output(gradient!, `d ${Object.keys(inputs)[i]}`);
  });
  b.output(loss, 'loss');
  return b;
}

const run = (b: GraphBuilder) => runOnNoise(b, { size: 0.5 });

const X = { x: [4, 6] };

/** Each with the number of values that are turned. */
const CASES: Readonly<Record<string, readonly [number, Inputs, Build]>> = {
  'Gemm with weights by row, Relu': [
    // Both layers' results and their gradients, the Relus and their slopes.
    10,
    { ...X, v: [9, 6], c: [9], w: [7, 9], d: [7], u: [2, 7] },
    (b, { x, v, c, w, d, u }) => {
      const one = b.op('Relu', [b.op('Gemm', [x!, v!, c!], { transB: 1 })]);
      const two = b.op('Relu', [b.op('Gemm', [one, w!, d!], { transB: 1, alpha: 0.5, beta: 2 })]);
      return b.op('Gemm', [two, u!], { transB: 1 });
    },
  ],
  'Gemm whose bias is absent by name': [
    5,
    { ...X, v: [9, 6], w: [7, 9] },
    (b, { x, v, w }) => {
      const product = (left: Value, right: Value) => {
        const y = b.op('Gemm', [left, right], { transB: 1 });
        b.graph.nodes.at(-1)!.inputs.push('');
        return y;
      };
      return product(b.op('Relu', [product(x!, v!)]), w!);
    },
  ],
  'MatMul, then a bias, then Tanh': [
    7,
    { ...X, v: [6, 9], c: [9], w: [9, 3] },
    (b, { x, v, c, w }) => b.op('MatMul', [b.op('Tanh', [b.op('Add', [b.op('MatMul', [x!, v!]), c!])]), w!]),
  ],
  'a bias as one row, and a number as a factor': [
    5,
    { ...X, v: [6, 9], c: [1, 9], w: [9, 3] },
    (b, { x, v, c, w }) =>
      b.op('MatMul', [b.op('Mul', [b.op('Sub', [b.op('MatMul', [x!, v!]), c!]), b.scalar(0.7)]), w!]),
  ],
  'a bias that is computed as one row': [
    7,
    { ...X, v: [6, 9], e: [1, 2], f: [2, 9], w: [9, 3] },
    (b, { x, v, e, f, w }) =>
      b.op('MatMul', [b.op('Tanh', [b.op('Add', [b.op('MatMul', [x!, v!]), b.op('MatMul', [e!, f!])])]), w!]),
  ],
  'two ways that meet': [
    13,
    { ...X, v: [6, 9], w: [9, 9], u: [9, 3] },
    (b, { x, v, w, u }) => {
      const one = b.op('Relu', [b.op('MatMul', [x!, v!])]);
      return b.op('MatMul', [b.op('Add', [one, b.op('Sigmoid', [b.op('MatMul', [one, w!])])]), u!]);
    },
  ],
};

describe('turnProducts', () => {
  for (const [name, [count, inputs, build]] of Object.entries(CASES)) {
    it(`changes how values lie, not what they are: ${name}`, async () => {
      const [plain, turned] = [stepOf(inputs, build), stepOf(inputs, build)];
      expect(turnProducts(turned)).toBe(count);
      const [expected, results] = [await run(plain), await run(turned)];
      for (const [output, { data, dims }] of Object.entries(expected)) {
        expect(results[output]!.dims).toEqual(dims);
        (data as Float32Array).forEach((value, i) => {
          expect((results[output]!.data as Float32Array)[i], `${output}[${i}]`).toBeCloseTo(value, 4);
        });
      }
    });
  }

  it('leaves alone what a branch reads', () => {
    const b = new GraphBuilder({ opset: 20 });
    const [x, v] = [b.input('x', 'float32', [4, 6]), b.input('v', 'float32', [6, 9])];
    const wide = b.op('Relu', [b.op('MatMul', [x, v])]);
    const inner = new GraphBuilder({ opset: 20 });
    inner.append({
      ...{ name: 'read', opType: 'Identity', domain: '', attributes: new Map() },
      ...{ inputs: [wide.name], outputs: ['read'] },
    });
    inner.output(inner.value('read'));
    const branch = { type: 'graph', value: inner.graph } as const;
    const condition = b.op('Greater', [b.op('ReduceSum', [x], { keepdims: 0 }), b.scalar(0)]);
    b.output(b.op('If', [condition], { then_branch: branch, else_branch: branch }));
    expect(turnProducts(b)).toBe(0);
  });

  it.each<[string, Inputs, Build]>([
    [
      'fewer features than samples',
      { x: [9, 6], v: [6, 8], w: [8, 3] },
      (b, { x, v, w }) => b.op('MatMul', [b.op('Relu', [b.op('MatMul', [x!, v!])]), w!]),
    ],
    [
      'an operator along an axis',
      { ...X, v: [6, 9], w: [9, 3] },
      (b, { x, v, w }) => b.op('MatMul', [b.op('Softmax', [b.op('MatMul', [x!, v!])], { axis: 1 }), w!]),
    ],
    [
      'a value that comes from outside',
      { ...X, v: [6, 9], mask: [4, 9], w: [9, 3] },
      (b, { x, v, mask, w }) => b.op('MatMul', [b.op('Mul', [b.op('MatMul', [x!, v!]), mask!]), w!]),
    ],
    [
      'one number a sample',
      { ...X, v: [6, 9], s: [4, 1], w: [9, 3] },
      (b, { x, v, s, w }) => b.op('MatMul', [b.op('Add', [b.op('MatMul', [x!, v!]), s!]), w!]),
    ],
    [
      'products of batches',
      { x: [2, 4, 6], v: [6, 9], w: [9, 3] },
      (b, { x, v, w }) => b.op('MatMul', [b.op('Relu', [b.op('MatMul', [x!, v!])]), w!]),
    ],
  ])('leaves alone what has %s', (_name, inputs, build) => {
    const b = stepOf(inputs, build);
    const before = b.graph.nodes.map((node) => structuredClone({ ...node, attributes: [...node.attributes] }));
    expect(turnProducts(b)).toBe(0);
    expect(b.graph.nodes.map((node) => ({ ...node, attributes: [...node.attributes] }))).toEqual(before);
  });
});
