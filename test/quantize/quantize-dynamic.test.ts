import { expect, test } from 'vitest';
import { floatTensor, GraphBuilder, intsOf, type Model } from '../../src/onnx/index.js';
import { type DynamicQuantization, quantizeDynamic } from '../../src/quantize/quantize-dynamic.js';
import { largestError, randomBatch, run, smallConvNet } from './networks.js';

const HOW: DynamicQuantization = { isSelected: () => true, convolutions: false, granularity: 'channel' };

function opsOf(model: Model): string[] {
  return model.graph.nodes.map((node) => node.opType);
}

function gemm(attributes: Record<string, unknown>, weight: number[], dims: number[], bias?: number[]): Model {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', 3]);
  const inputs = [x, b.initializer('w', floatTensor(weight, dims))];
  if (bias !== undefined) inputs.push(b.initializer('c', floatTensor(bias, [bias.length])));
  b.output(b.op('Gemm', inputs, attributes as Record<string, number>));
  return b.build();
}

test('a Gemm becomes an integer product that stays close', async () => {
  const model = gemm({ transB: 1 }, [1, -2, 3, 0.1, 0.2, -0.3], [2, 3], [5, -5]);
  const { model: int8 } = quantizeDynamic(model, HOW);
  expect(opsOf(int8)).toEqual(['DynamicQuantizeLinear', 'MatMulInteger', 'Cast', 'Mul', 'Mul', 'Add']);
  // Output channels are columns after the transposition; each spreads its own largest weight over 127 steps.
  expect(intsOf(int8.graph.initializers.get('w.quantized')!)).toEqual([42, 42, -85, 85, 127, -127]);
  const batch = randomBatch(1, [8, 3]);
  const { error, message } = largestError(await run(int8, batch), await run(model, batch));
  // One step of the input is about 0.02, half of it times 1 + 2 + 3.
  expect(error, message).toBeLessThan(0.1);
});

test('alpha and beta of a Gemm are worked into its constants', async () => {
  const factors = { alpha: { type: 'float', value: 0.5 }, beta: { type: 'float', value: -2 } };
  const model = gemm(factors, [1, 2, 3, 4, 5, 6], [3, 2], [1, 10]);
  const batch = randomBatch(1, [8, 3]);
  const { error, message } = largestError(await run(quantizeDynamic(model, HOW).model, batch), await run(model, batch));
  expect(error, message).toBeLessThan(0.15);
});

test('a network with convolutions runs close to the float one, with and without onnxruntime’s fusions', async () => {
  const model = smallConvNet();
  const { model: int8 } = quantizeDynamic(model, { ...HOW, convolutions: true });
  expect(opsOf(int8).filter((op) => op.endsWith('Integer'))).toEqual(['ConvInteger', 'ConvInteger', 'MatMulInteger']);
  const batch = randomBatch(1, [4, 2, 8, 8]);
  const expected = await run(model, batch);
  for (const optimization of ['all', 'disabled'] as const) {
    const { error, message } = largestError(await run(int8, batch, { optimization }), expected);
    expect(error, message).toBeLessThan(0.05);
  }
});

test('a convolution with a channel of zeros gives its bias exactly', async () => {
  const b = new GraphBuilder();
  const w = b.initializer('w', floatTensor([0, 0, 1, -3], [2, 2, 1, 1]));
  const bias = b.initializer('b', floatTensor([0.75, 0], [2]));
  b.output(b.op('Conv', [b.input('x', 'float32', ['batch', 2, 2, 2]), w, bias]));
  const { model: int8 } = quantizeDynamic(b.build(), { ...HOW, convolutions: true });
  const outputs = await run(int8, randomBatch(1, [1, 2, 2, 2]));
  expect([...outputs.slice(0, 4)]).toEqual([0.75, 0.75, 0.75, 0.75]);
});

test('nodes that read the same tensor share its quantization', () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', 2]);
  const products = ['a', 'b'].map((name) =>
    b.op('MatMul', [x, b.initializer(name, floatTensor([1, 2, 3, 4], [2, 2]))]),
  );
  b.output(b.op('Add', products));
  const ops = opsOf(quantizeDynamic(b.build(), HOW).model);
  expect(ops.filter((op) => op === 'DynamicQuantizeLinear').length).toBe(1);
});

test('what stays float is reported with its reason', () => {
  const { report } = quantizeDynamic(smallConvNet(), HOW);
  expect(report.quantized.map(({ name }) => name)).toEqual(['fc.w']);
  expect(report.float).toEqual([
    { name: 'conv1 (Conv)', reason: 'convolutions is false' },
    { name: 'conv2 (Conv)', reason: 'convolutions is false' },
  ]);
});

test('a model without anything to quantize is refused', () => {
  expect(() =>
    quantizeDynamic(smallConvNet(), { ...HOW, isSelected: (node) => node.name !== 'fc' }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[UserError: No node of the model can be quantized. conv1 (Conv): convolutions is false; conv2 (Conv): convolutions is false; fc (Gemm): not selected Dynamic quantization needs a MatMul or Gemm (or Conv, with convolutions: true) that select does not exclude.]`,
  );
});
