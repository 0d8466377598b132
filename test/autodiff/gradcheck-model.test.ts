import { describe, expect, it } from 'vitest';
import {
  BUILT_IN_RULES,
  checkModelGradients,
  defineGradient,
  extendRules,
  type GradientRule,
  type ModelCheckOptions,
} from '../../src/autodiff/index.js';
import { Random } from '../../src/core/random.js';
import { GraphBuilder, type Value } from '../../src/onnx/builder.js';
import type { Model, Tensor } from '../../src/onnx/ir.js';
import { readModel } from '../../src/onnx/read.js';
import { floatsOf, floatTensor, sizeOf } from '../../src/onnx/tensor.js';
import { upgradeOpset } from '../../src/onnx/upgrade.js';
import { trainableParameters } from '../../src/train/parameters.js';
import { IMPORTED } from '../support/imported-networks.js';

function normal(seed: string, ...dims: number[]): Tensor {
  const random = new Random(seed);
  return floatTensor(
    Float32Array.from({ length: sizeOf(dims) }, () => random.normal()),
    dims,
  );
}

/** Convolution, batch normalization, ReLU, pooling, dropout, a layer and a softmax. */
function smallNetwork(): { model: Model; parameters: string[]; inputs: Record<string, Tensor> } {
  const b = new GraphBuilder();
  const weight = (name: string, ...dims: number[]) => b.initializer(name, normal(name, ...dims));
  const small = (name: string, ...dims: number[]) =>
    b.initializer(
      name,
      floatTensor(
        floatsOf(normal(name, ...dims)).map((value) => value / 10),
        dims,
      ),
    );
  const positive = (name: string, dim: number) => b.initializer(name, floatTensor(Array(dim).fill(1.5), [dim]));
  let x: Value = b.input('x', 'float32', ['N', 2, 8, 8]);
  x = b.op('Conv', [x, weight('conv.weight', 4, 2, 3, 3), weight('conv.bias', 4)], {}, { name: 'conv' });
  const norm = [positive('bn.scale', 4), weight('bn.bias', 4), weight('bn.mean', 4), positive('bn.var', 4)];
  x = b.op('BatchNormalization', [x, ...norm], {}, { name: 'bn' });
  x = b.op('Relu', [x], {}, { name: 'relu' });
  x = b.op('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] }, { name: 'pool' });
  x = b.op('Dropout', [x], {}, { name: 'drop' });
  x = b.op('Flatten', [x], {}, { name: 'flat' });
  x = b.op('Gemm', [x, small('fc.weight', 36, 5), weight('fc.bias', 5)], {}, { name: 'fc' });
  b.output(b.op('Softmax', [x], {}, { name: 'softmax' }));
  const parameters = ['conv.weight', 'conv.bias', 'bn.scale', 'bn.bias', 'fc.weight', 'fc.bias'];
  return { model: b.build(), parameters, inputs: { x: normal('x', 3, 2, 8, 8) } };
}

async function check(options: Partial<ModelCheckOptions> = {}) {
  const { model, parameters, inputs } = smallNetwork();
  return checkModelGradients(model, { inputs, parameters, ...options });
}

function withRule(rule: GradientRule) {
  return { rules: extendRules(BUILT_IN_RULES, [rule]) };
}

/** The checks that do not agree, in short. */
function complaints({ nodes, whole }: Awaited<ReturnType<typeof check>>): string[] {
  return [
    ...nodes.map(({ node, input, verdict }) => `${node} ${input} ${verdict}`),
    ...whole.map(({ tensor, verdict }) => `${tensor} ${verdict}`),
  ].filter((text) => !text.endsWith(' agrees'));
}

/** One operator over one parameter. */
async function checkOne(opType: string, values: readonly number[], rule?: GradientRule) {
  const b = new GraphBuilder();
  const weight = b.initializer('w', floatTensor(values, [1, values.length]));
  b.output(b.op(opType, [weight], {}, { name: 'it' }));
  const options = rule === undefined ? {} : withRule(rule);
  const { nodes } = await checkModelGradients(b.build(), { inputs: {}, parameters: ['w'], ...options });
  return nodes[0]!;
}

describe('checkModelGradients', () => {
  it('agrees with every input of every node, and with every parameter through the whole network', async () => {
    const found = await check();
    expect(complaints(found)).toEqual([]);
    expect(found.nodes.map(({ node, input }) => `${node} ${input}`)).toEqual([
      'conv W',
      'conv B',
      'bn X',
      'bn scale',
      'bn B',
      'relu X',
      'pool X',
      'drop data',
      'flat input',
      'fc A',
      'fc B',
      'fc C',
      'softmax input',
    ]);
    expect(found.whole.map(({ tensor }) => tensor)).toEqual(smallNetwork().parameters);
  });

  it('agrees in training form, where batches have statistics and dropout has a mask', async () => {
    const found = await check({ training: true });
    expect(complaints(found)).toEqual([]);
    expect(found.nodes.find(({ node }) => node === 'drop')).toMatchObject({ opType: 'Mul' });
  });

  it('names the node whose rule is wrong', async () => {
    const found = await check(
      withRule(
        defineGradient({
          opType: 'Softmax',
          inputs: ['input'],
          outputs: ['output'],
          // y · dy alone: the part that all classes share is forgotten.
          gradient: ({ b, output, dOutput }) => ({ input: b.op('Mul', [output, dOutput]) }),
        }),
      ),
    );
    expect(complaints(found)).toEqual(['softmax input differs']);
    expect(found.nodes.at(-1)!.error).toBeGreaterThan(0.1);
  });

  it('notices two per cent', async () => {
    const rule = (factor: number) =>
      defineGradient({
        opType: 'Exp',
        inputs: ['input'],
        outputs: ['output'],
        gradient: ({ b, output, dOutput }) => ({
          input: b.op('Mul', [b.op('Mul', [dOutput, output]), b.scalar(factor)]),
        }),
      });
    const values = Array.from({ length: 50 }, (_, i) => i / 25 - 1);
    expect(await checkOne('Exp', values, rule(1))).toMatchObject({ verdict: 'agrees' });
    expect(await checkOne('Exp', values, rule(1.02))).toMatchObject({ verdict: 'differs' });
  });

  it('takes a missing gradient as zero', async () => {
    const none = defineGradient({
      opType: 'Tanh',
      inputs: ['input'],
      outputs: ['output'],
      gradient: () => ({ input: null }),
    });
    expect(await checkOne('Tanh', [0.5, -1, 2], none)).toMatchObject({ verdict: 'differs', backward: 0 });
  });

  it('finds what goes wrong between nodes although every node alone is right', async () => {
    const hasty = defineGradient({
      opType: 'Gemm',
      inputs: ['A', 'B', 'C?'],
      outputs: ['Y'],
      // Wrong only behind another node, as a fusion of two rules may be.
      gradient: ({ b, A, B, dY, producerOf }) => ({
        A: b.op('Gemm', [dY, B], { transB: 1, alpha: producerOf(A) === undefined ? 1 : 2 }),
        B: b.op('Gemm', [A, dY], { transA: 1 }),
        C: b.op('ReduceSum', [dY, b.ints([0])], { keepdims: 0 }),
      }),
    });
    expect(complaints(await check(withRule(hasty)))).toEqual([
      'conv.weight differs',
      'conv.bias differs',
      'bn.scale differs',
      'bn.bias differs',
    ]);
  });

  it.each([
    ['a ReLU of exact zeros', 'Relu', [0, 0, 0, 0]],
    ['a reciprocal at its pole', 'Reciprocal', [0, 0]],
    // onnxruntime computes the sigmoid to about 1e-8.
    ['a sigmoid far below what it resolves', 'Sigmoid', Array.from({ length: 200 }, (_, i) => -15 - i / 100)],
  ])('does not call %s wrong', async (_, opType, values) => {
    expect(await checkOne(opType, values)).toMatchObject({ verdict: 'unmeasurable', why: expect.stringMatching(/./) });
  });

  it.each([
    ['a ReLU with inputs on both sides', 'Relu', Array.from({ length: 200 }, (_, i) => (i - 100) / 50)],
    ['steps, whose slope is zero', 'Floor', [0.3, 1.4, 2.5]],
    ['large sums of which little changes', 'Softmax', Array.from({ length: 100 }, (_, i) => 30 + (i % 7))],
  ])('agrees for %s', async (_, opType, values) => {
    expect(await checkOne(opType, values)).toMatchObject({ verdict: 'agrees' });
  });

  it('does not compare an estimate with slopes that do not exist', async () => {
    const b = new GraphBuilder();
    const weight = b.initializer('w', normal('w', 4, 4));
    const [scale, zero] = [b.scalar(0.1), b.constant({ dataType: 'int8', dims: [], bytes: Uint8Array.of(0) })];
    const whole = b.op('QuantizeLinear', [weight, scale, zero], {}, { name: 'quantize' });
    b.output(b.op('DequantizeLinear', [whole, scale, zero], {}, { name: 'dequantize' }));
    const found = await checkModelGradients(b.build(), { inputs: {}, parameters: ['w'] });
    expect(found.nodes.map(({ node, verdict, why }) => `${node}: ${verdict}, ${why}`)).toEqual([
      'quantize: skipped, rounding has no slope: its gradient is an estimate on purpose',
      'dequantize: skipped, whole numbers cannot be moved by a small step',
    ]);
    expect(found.whole).toMatchObject([{ tensor: 'w', verdict: 'agrees' }]);
  });

  it('checks only the nodes that are asked for', async () => {
    const found = await check({ nodes: new Set(['pool', 'fc']) });
    expect(found.nodes.map(({ node }) => node)).toEqual(['pool', 'fc', 'fc', 'fc']);
    expect(found.whole).toEqual([]);
  });

  it('refuses a model without anything that gets a gradient', async () => {
    const b = new GraphBuilder();
    b.output(b.op('Add', [b.input('a', 'int64', [2]), b.ints([1, 2])]), 'y');
    const inputs = { a: { dataType: 'int64' as const, dims: [2], bytes: new Uint8Array(16) } };
    await expect(checkModelGradients(b.build(), { inputs, parameters: [] })).rejects.toMatchObject({
      code: 'GRADCHECK_NOTHING',
    });
  });

  it('agrees on a network made by others', async () => {
    const model = upgradeOpset(await readModel(IMPORTED.speech));
    const found = await checkModelGradients(model, {
      inputs: { [model.graph.inputs[0]!.name]: normal('speech', 1, 76, 32, 1) },
      parameters: trainableParameters(model).map(({ name }) => name),
      probes: 1,
    });
    expect(complaints(found)).toEqual([]);
    expect(found.nodes.length).toBeGreaterThan(100);
  });
});

it("checks a model in onnxruntime's own operators by what they stand for", async () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['N', 3]);
  const w = b.initializer('w', normal('w', 3, 4));
  const fused = b.op('FusedGemm', [x, w], { activation: 'Tanh' }, { name: 'fused', domain: 'com.microsoft' });
  b.output(fused);
  const { nodes, whole } = await checkModelGradients(b.build(), {
    inputs: { x: normal('x', 2, 3) },
    parameters: ['w'],
  });
  expect(nodes.map(({ opType, verdict }) => [opType, verdict])).toEqual([
    ['Gemm', 'agrees'],
    ['Tanh', 'agrees'],
  ]);
  expect(whole.map(({ tensor, verdict }) => [tensor, verdict])).toEqual([['w', 'agrees']]);
});
