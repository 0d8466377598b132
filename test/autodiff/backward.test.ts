import { describe, expect, it } from 'vitest';
import { BUILT_IN_RULES, buildBackward, defineGradient, extendRules } from '../../src/autodiff/index.js';
import { GraphBuilder, type Value } from '../../src/onnx/builder.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { floatFeed, Session } from '../../src/runtime/session.js';

function sumOf(b: GraphBuilder, value: Value): Value {
  return b.op('ReduceSum', [value], { keepdims: 0 });
}

async function evaluate(b: GraphBuilder, value: Value, x: number[]): Promise<number[]> {
  b.output(value, 'result');
  const session = await Session.create(b.build());
  const { result } = await session.run({ x: floatFeed(Float32Array.from(x), [x.length]) });
  await session.release();
  return [...(result!.data as Float32Array)];
}

describe('buildBackward', () => {
  it('adds up the gradients of a value that is used several times', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    // Σ x · x + x: 2x + 1
    const loss = sumOf(b, b.op('Add', [b.op('Mul', [x, x]), x]));
    const [dx] = buildBackward(b, loss, [x]);
    expect(await evaluate(b, dx!, [3, -1])).toEqual([7, -1]);
  });

  it('gives the gradient of inner values and of the loss itself', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const squared = b.op('Mul', [x, x]);
    const loss = sumOf(b, squared);
    const [dSquared, dLoss] = buildBackward(b, loss, [squared, loss]);
    expect(dLoss!.shape).toEqual([]);
    expect(await evaluate(b, dSquared!, [3, -1])).toEqual([1, 1]);
  });

  it('gives null for what the loss does not depend on, or only through steps and integers', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const other = b.input('other', 'float32', [2]);
    const stepped = b.input('stepped', 'float32', [2]);
    const counted = b.input('counted', 'float32', [2]);
    const index = b.op('ArgMax', [counted], { axis: 0, keepdims: 0 });
    const sum = b.op('Add', [x, b.op('Round', [stepped])]);
    const loss = sumOf(b, b.op('Add', [sum, b.op('Cast', [index], { to: 1 })]));
    expect(buildBackward(b, loss, [other, stepped, counted])).toEqual([null, null, null]);
  });

  it('takes detached values for constants', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const double = b.op('Mul', [x, b.scalar(2)]);
    b.detached.add(double.name);
    // Σ c · x with c = 2x: c, not 4x
    const [dx] = buildBackward(b, sumOf(b, b.op('Mul', [double, x])), [x]);
    expect(await evaluate(b, dx!, [3, -1])).toEqual([6, -2]);
  });

  it('emits nothing for nodes that are not between the weights and the loss', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [4, 3]);
    const frozen = b.initializer('frozen', floatTensor(new Array(9).fill(1), [3, 3]));
    const trained = b.initializer('trained', floatTensor(new Array(6).fill(1), [3, 2]));
    const loss = sumOf(b, b.op('MatMul', [b.op('Sigmoid', [b.op('MatMul', [x, frozen])]), trained]));
    const before = b.graph.nodes.length;
    buildBackward(b, loss, [trained]);
    const emitted = b.graph.nodes.slice(before).map((node) => node.opType);
    // The same gradient for all rows: these are added up, then one product; nothing for the sigmoid and the frozen layer.
    expect(emitted).toEqual(['Reshape', 'Expand', 'ReduceSum', 'FusedMatMul']);
  });

  it('refuses an operator without a rule by node name, with the list of those that have one', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [3, 3]);
    const loss = b.op('Det', [x], {}, { name: 'volume' });
    expect(() => buildBackward(b, loss, [x])).toThrowError(
      /The node "volume" \(Det\) has no gradient, and lies between .* Supported: Abs, Add, AveragePool, /,
    );
  });

  it('takes a rule for an operator of a plugin', async () => {
    const cube = defineGradient({
      opType: 'Gelu',
      domain: 'com.microsoft',
      inputs: ['X'],
      outputs: ['Y'],
      gradient: ({ b: graph, dY }) => ({ X: graph.op('Mul', [dY, graph.scalar(5)]) }),
    });
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const loss = sumOf(b, b.op('Gelu', [x], {}, { domain: 'com.microsoft' }));
    const [dx] = buildBackward(b, loss, [x], { rules: extendRules(BUILT_IN_RULES, [cube]) });
    expect(await evaluate(b, dx!, [1, 2])).toEqual([5, 5]);
  });

  it('names node, operator and input where a rule gives the wrong shape', () => {
    const wrong = defineGradient({
      opType: 'Relu',
      inputs: ['X'],
      outputs: ['Y'],
      gradient: ({ b: graph, dY }) => ({ X: graph.op('Concat', [dY, dY], { axis: 0 }) }),
    });
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const loss = sumOf(b, b.op('Relu', [x], {}, { name: 'act' }));
    expect(() => buildBackward(b, loss, [x], { rules: extendRules(BUILT_IN_RULES, [wrong]) })).toThrowError(
      'internal: the gradient of act (Relu), input X, has the shape [4] instead of [2]',
    );
  });

  it('does not sum broadcast axes for a rule that does not declare them', () => {
    const silent = defineGradient({
      opType: 'Add',
      inputs: ['A', 'B'],
      outputs: ['C'],
      gradient: ({ dC }) => ({ A: dC, B: dC }),
    });
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2, 3]);
    const bias = b.input('bias', 'float32', [3]);
    const loss = sumOf(b, b.op('Add', [x, bias], {}, { name: 'plus' }));
    expect(() => buildBackward(b, loss, [bias], { rules: extendRules(BUILT_IN_RULES, [silent]) })).toThrowError(
      'internal: the gradient of plus (Add), input B, has the shape [2,3] instead of [3]',
    );
  });

  it('refuses a shape that is not known, a float type other than float32, and a secondary output', () => {
    const dynamic = new GraphBuilder();
    const x = dynamic.input('x', 'float32', ['N', 3]);
    const total = sumOf(dynamic, dynamic.op('Relu', [x], {}, { name: 'act' }));
    expect(() => buildBackward(dynamic, total, [x])).toThrowError(
      /The shape of "act.out", which .* \(ReduceSum\) reads, is not known/,
    );

    const double = new GraphBuilder();
    const y = double.input('y', 'float64', [3]);
    const sum = double.op('ReduceSum', [double.op('Relu', [y], {}, { name: 'act' })], { keepdims: 0 });
    expect(() => buildBackward(double, sum, [y], { seed: sum })).toThrowError(/computes in float64 at /);

    const pooled = new GraphBuilder();
    const z = pooled.input('z', 'float32', [2, 3]);
    const [, mean] = pooled.ops('LayerNormalization', [z, pooled.constant(floatTensor([1, 1, 1], [3])), null], 3, {});
    expect(() => buildBackward(pooled, sumOf(pooled, mean!), [z])).toThrowError(/a secondary output of /);
  });

  it('does not mask a gradient twice after pooling, unless the Relu has other readers', () => {
    const count = (isShared: boolean) => {
      const b = new GraphBuilder();
      const x = b.input('x', 'float32', [1, 1, 4, 4]);
      const relu = b.op('Relu', [x]);
      const pooled = sumOf(b, b.op('MaxPool', [relu], { kernel_shape: [2, 2], strides: [2, 2] }));
      const loss = isShared ? b.op('Add', [pooled, sumOf(b, relu)]) : pooled;
      buildBackward(b, loss, [x]);
      return b.graph.nodes.filter((node) => node.opType === 'HardSigmoid').length;
    };
    expect(count(false)).toBe(1);
    expect(count(true)).toBe(2);
  });
});
