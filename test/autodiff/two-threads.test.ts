import { describe, expect, it } from 'vitest';
import { forTwoThreads } from '../../src/autodiff/index.js';
import { Random } from '../../src/core/random.js';
import { GraphBuilder, type Value } from '../../src/onnx/builder.js';
import { runOnNoise } from '../support/run-graph.js';

type Inputs = Readonly<Record<string, readonly number[]>>;

function graphOf(inputs: Inputs, build: (b: GraphBuilder, values: Readonly<Record<string, Value>>) => Value) {
  const b = new GraphBuilder();
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, dims]) => [name, b.input(name, 'float32', dims)]),
  );
  b.output(build(b, values), 'y');
  return b;
}

/** With as many threads inside an operator. */
async function run(b: GraphBuilder, threads: number): Promise<Float32Array> {
  return (await runOnNoise(b, { threads })).y!.data as Float32Array;
}

const product = (b: GraphBuilder, { a, w }: Readonly<Record<string, Value>>): Value =>
  b.op('Relu', [b.op('MatMul', [a!, w!])]);

/** All have few columns and much to add up. */
const SENSITIVE: Readonly<Record<string, [Inputs, Parameters<typeof graphOf>[1]]>> = {
  'a MatMul': [{ a: [16, 300], w: [300, 100] }, product],
  'of a batch with a matrix': [{ a: [2, 5, 200], w: [200, 40] }, product],
  'a Gemm': [
    { a: [64, 300], w: [300, 100], c: [100] },
    (b, { a, w, c }) => b.op('Gemm', [a!, w!, c!], { alpha: 0.5, beta: 3 }),
  ],
  'a Gemm with weights by row': [
    { a: [64, 784], w: [128, 784], c: [1, 128] },
    (b, { a, w, c }) => b.op('Gemm', [a!, w!, c!], { transB: 1 }),
  ],
  'a Gemm of two that are turned, without bias': [
    { a: [256, 30], w: [60, 256] },
    (b, { a, w }) => b.op('Relu', [b.op('Gemm', [a!, w!], { transA: 1, transB: 1 })]),
  ],
};

describe('forTwoThreads', () => {
  for (const [name, [inputs, build]] of Object.entries(SENSITIVE)) {
    it(`gives the same bits on one thread and two: ${name}`, async () => {
      const given = graphOf(inputs, build);
      const made = graphOf(inputs, build);
      expect(forTwoThreads(made)).toBe(true);
      expect(made.graph.nodes.length).toBeGreaterThan(given.graph.nodes.length);
      const [one, two] = [await run(made, 1), await run(made, 2)];
      expect(two).toEqual(one);
      const plain = await run(given, 1);
      one.forEach((value, i) => {
        expect(value).toBeCloseTo(plain[i]!, 3);
      });
    });
  }

  it('does, whatever the sizes', async () => {
    const random = new Random('sizes');
    const between = (low: number, high: number): number => Math.floor(low * (high / low) ** random.uniform());
    for (let round = 0; round < 60; round++) {
      const [rows, columns, depth] = [between(1, 300), 2 * between(1, 200), between(8, 900)];
      const transB = random.int(2);
      const b = graphOf(
        { a: [rows, depth], w: transB === 1 ? [columns, depth] : [depth, columns] },
        (builder, { a, w }) => builder.op('Gemm', [a!, w!], { transB }),
      );
      expect(forTwoThreads(b)).toBe(true);
      expect(await run(b, 2), `[${rows}, ${depth}] · [${depth}, ${columns}], transB ${transB}`).toEqual(
        await run(b, 1),
      );
    }
  });

  it('leaves products alone that come out the same anyway', () => {
    const b = graphOf({ a: [64, 100], w: [100, 300] }, product);
    expect(forTwoThreads(b)).toBe(true);
    expect(b.graph.nodes.map(({ opType }) => opType)).toEqual(['MatMul', 'Relu', 'Identity']);
  });

  it.each<[string, Inputs, Parameters<typeof graphOf>[1]]>([
    ['a convolution', { x: [1, 2, 8, 8], w: [2, 2, 3, 3] }, (b, { x, w }) => b.op('Conv', [x!, w!])],
    ['many HardSigmoids whose products are rounded', { x: [64, 64] }, (b, { x }) => b.op('HardSigmoid', [x!])],
    ['many exponentials', { x: [64, 64] }, (b, { x }) => b.op('Exp', [x!])],
    ['a sensitive product that has no halves', { a: [16, 300], w: [300, 101] }, product],
    [
      'an operator that it does not know',
      { x: [4] },
      (b, { x }) => b.op('Gelu', [x!], {}, { domain: 'com.microsoft' }),
    ],
  ])('refuses %s, and changes nothing', (_name, inputs, build) => {
    const b = graphOf(inputs, build);
    const before = JSON.stringify(b.graph.nodes.map(({ opType }) => opType));
    expect(forTwoThreads(b)).toBe(false);
    expect(JSON.stringify(b.graph.nodes.map(({ opType }) => opType))).toBe(before);
  });
});
