import { describe, expect, it } from 'vitest';
import { checkDifferentiable, differentiability } from '../../src/autodiff/index.js';
import { type AttributeInput, GraphBuilder, type Value } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { writtenOut } from '../../src/onnx/written-out/index.js';
import { Session } from '../../src/runtime/session.js';
import { trainableParameters } from '../../src/train/parameters.js';
import { normal } from '../support/gradcheck.js';
import { expectClose } from '../support/gradient-vectors.js';

interface Case {
  readonly op: string;
  /** Sizes of the inputs; null for one that is omitted. */
  readonly inputs: readonly (readonly number[] | null)[];
  readonly attributes?: Readonly<Record<string, AttributeInput>>;
  readonly domain?: string;
  /** Positions of the outputs that are compared. Default the first. */
  readonly outputs?: readonly number[];
}

const image = [2, 4, 5, 5];
const CASES: Readonly<Record<string, Case>> = {
  Gelu: { op: 'Gelu', inputs: [[3, 4]] },
  BiasGelu: { op: 'BiasGelu', inputs: [[3, 4], [4]] },
  FastGelu: { op: 'FastGelu', inputs: [[3, 4]] },
  'FastGelu with a bias': { op: 'FastGelu', inputs: [[3, 4], [4]] },
  QuickGelu: { op: 'QuickGelu', inputs: [[3, 4]], attributes: { alpha: 1.5 } },
  FusedConv: {
    op: 'FusedConv',
    inputs: [image, [6, 2, 3, 3], [6]],
    attributes: { activation: 'Relu', group: 2, pads: [1, 1, 1, 1] },
  },
  'FusedConv with a sum': {
    op: 'FusedConv',
    inputs: [image, [4, 4, 1, 1], [4], image],
    attributes: { activation: 'Relu' },
  },
  'FusedConv with LeakyRelu': {
    op: 'FusedConv',
    inputs: [image, [2, 4, 3, 3], [2]],
    attributes: { activation: 'LeakyRelu', activation_params: { type: 'floats', value: [0.3] } },
  },
  'FusedConv with Clip': {
    op: 'FusedConv',
    inputs: [image, [2, 4, 3, 3], [2]],
    attributes: { activation: 'Clip', activation_params: { type: 'floats', value: [0, 6] } },
  },
  'FusedConv with HardSigmoid': {
    op: 'FusedConv',
    inputs: [image, [2, 4, 3, 3], [2]],
    attributes: { activation: 'HardSigmoid', activation_params: { type: 'floats', value: [0.1, 0.4] } },
  },
  FusedGemm: {
    op: 'FusedGemm',
    inputs: [[3, 4], [5, 4], [5]],
    attributes: { transB: 1, alpha: 0.5, activation: 'LeakyRelu', activation_alpha: { type: 'float', value: 0.2 } },
  },
  FusedMatMul: {
    op: 'FusedMatMul',
    inputs: [
      [2, 4, 3],
      [5, 4],
    ],
    attributes: { transA: 1, transB: 1, alpha: 0.5 },
  },
  SkipLayerNormalization: {
    op: 'SkipLayerNormalization',
    inputs: [[2, 3, 8], [2, 3, 8], [8], [8], [8]],
    attributes: { epsilon: 1e-5 },
    outputs: [0, 3],
  },
  'SkipLayerNormalization without shift': {
    op: 'SkipLayerNormalization',
    inputs: [[2, 3, 8], [2, 3, 8], [8]],
  },
  SkipSimplifiedLayerNormalization: {
    op: 'SkipSimplifiedLayerNormalization',
    inputs: [[2, 3, 8], [2, 3, 8], [8], [8]],
    attributes: { epsilon: 1e-5 },
    outputs: [0, 3],
  },
  SimplifiedLayerNormalization: {
    op: 'SimplifiedLayerNormalization',
    domain: '',
    inputs: [[2, 3, 8], [8]],
    attributes: { axis: -1, epsilon: 1e-5 },
  },
};

/** The operator on weights alone, between two others. */
function modelOf({ op, inputs, attributes = {}, domain = 'com.microsoft', outputs = [0] }: Case): Model {
  const b = new GraphBuilder();
  const values = inputs.map((dims, index): Value | null => {
    if (dims === null) return null;
    const { data } = normal(...dims, index + 1) as { data: Float32Array };
    const weight = b.initializer(`weight${index}`, floatTensor(data.slice(0, data.length / (index + 1)), dims));
    return index === 0 ? b.op('Neg', [weight]) : weight;
  });
  const results = b.ops(op, values, Math.max(...outputs) + 1, attributes, { domain, name: 'fused' });
  const node = b.graph.nodes.at(-1)!;
  node.outputs = node.outputs.map((name, index) => (outputs.includes(index) ? name : ''));
  for (const position of outputs) b.output(b.op('Neg', [results[position]!]), `y${position}`);
  return b.build();
}

async function outputsOf(model: Model): Promise<Record<string, Float32Array>> {
  const session = await Session.create(model);
  const results = await session.run({});
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

describe('operators of onnxruntime, written out', () => {
  it.each(Object.entries(CASES))('compute what onnxruntime computes: %s', async (_, given) => {
    const fused = modelOf(given);
    const standard = writtenOut(fused);
    expect(standard.graph.nodes.every(({ domain }) => domain === '')).toBe(true);
    expect(standard.graph.nodes.map(({ opType }) => opType)).not.toContain('SimplifiedLayerNormalization');
    const [expected, actual] = [await outputsOf(fused), await outputsOf(standard)];
    expect(Object.keys(actual)).toEqual(Object.keys(expected));
    for (const [name, values] of Object.entries(expected)) expectClose(actual[name]!, values, 1e-5, name);
    const weights = given.inputs.map((_, index) => `weight${index}`);
    expect(() => checkDifferentiable(standard, weights)).not.toThrow();
  });

  it('keep the names of weights and results', () => {
    const { graph } = writtenOut(modelOf(CASES.FusedConv!));
    expect(graph.initializers.has('weight1')).toBe(true);
    expect(graph.nodes.map(({ opType, outputs }) => [opType, outputs[0]])).toEqual([
      ['Neg', 'neg.out'],
      ['Conv', 'fused.conv.out'],
      ['Relu', 'fused.out'],
      ['Neg', 'neg.1.out'],
      ['Identity', 'y0'],
    ]);
  });

  it('stay as they are in forms that have no equal', () => {
    const swish = modelOf({ ...CASES.FusedConv!, attributes: { ...CASES.FusedConv!.attributes, activation: 'Swish' } });
    expect(writtenOut(swish).graph.nodes.map(({ opType }) => opType)).toContain('FusedConv');
    const batch = modelOf({
      op: 'FusedMatMul',
      inputs: [
        [4, 2, 3],
        [2, 3, 5],
      ],
      attributes: { transBatchA: 1 },
    });
    expect(writtenOut(batch).graph.nodes.map(({ opType }) => opType)).toContain('FusedMatMul');
  });

  it('let their weights be trained', () => {
    const parameters = trainableParameters(writtenOut(modelOf(CASES.FusedConv!)));
    expect(parameters.map(({ name, role }) => [name, role])).toEqual([
      ['weight1', 'weight'],
      ['weight2', 'bias'],
    ]);
  });

  it('are no obstacle to gradients, says what inspects a model', () => {
    const fused = differentiability(modelOf(CASES.Gelu!)).find(({ name }) => name === 'fused');
    expect(fused).toEqual({ name: 'fused', opType: 'Gelu', differentiable: true, needsGradient: true, why: '' });
  });

  it('leave a model without them untouched', () => {
    const b = new GraphBuilder();
    b.output(b.op('Relu', [b.input('x', 'float32', [2])]), 'y');
    const model = b.build();
    expect(writtenOut(model)).toBe(model);
  });
});
