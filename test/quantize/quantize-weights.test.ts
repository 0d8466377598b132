import { expect, test } from 'vitest';
import { encodeModel, floatsOf, floatTensor, GraphBuilder, intsOf, type Model } from '../../src/onnx/index.js';
import { quantizeWeights, type WeightQuantization } from '../../src/quantize/quantize-weights.js';
import { largestError, randomBatch, run, smallConvNet } from './networks.js';

const INT8 = { scheme: 'symmetric-int8', granularity: 'channel', center: 'range' } as const;
const WEIGHTS = ['conv1.w', 'conv2.w', 'fc.w'];

function quantized(model: Model, how: Partial<WeightQuantization> = {}): Model {
  return quantizeWeights(model, { ...INT8, weights: WEIGHTS, ...how }).model;
}

test('the model computes with weights that are at most half a step off', async () => {
  const model = smallConvNet();
  const int8 = quantized(model);
  // Rebuild the float model with the weights that the integers stand for: [O, …], one scale per row.
  const rebuilt = smallConvNet();
  for (const name of WEIGHTS) {
    const weight = model.graph.initializers.get(name)!;
    const integers = intsOf(int8.graph.initializers.get(`${name}.quantized`)!);
    const scales = floatsOf(int8.graph.initializers.get(`${name}.scale`)!);
    const inner = integers.length / scales.length;
    const values = integers.map((integer, i) => integer * scales[Math.floor(i / inner)]!);
    const floats = floatsOf(weight);
    for (let i = 0; i < values.length; i++) {
      expect(Math.abs(values[i]! - floats[i]!)).toBeLessThanOrEqual((scales[Math.floor(i / inner)]! / 2) * 1.00001);
    }
    rebuilt.graph.initializers.set(name, floatTensor(values, weight.dims));
  }
  const batch = randomBatch(1, [4, 2, 8, 8]);
  const { error, message } = largestError(await run(int8, batch), await run(rebuilt, batch));
  expect(error, message).toBeLessThan(1e-5);
});

test.each([
  ['affine-uint8', 'channel', 'range'],
  ['affine-uint8', 'tensor', 'mean'],
  ['symmetric-int8', 'tensor', 'range'],
] as const)('scheme %s per %s with center %s runs and stays close', async (scheme, granularity, center) => {
  const model = smallConvNet();
  const batch = randomBatch(1, [4, 2, 8, 8]);
  const { error, message } = largestError(
    await run(quantized(model, { scheme, granularity, center }), batch),
    await run(model, batch),
  );
  expect(error, message).toBeLessThan(0.05);
});

test('the file shrinks to about a quarter', () => {
  const b = new GraphBuilder();
  const w = b.initializer('w', floatTensor(new Float32Array(100_000).fill(0.5), [100, 1000]));
  b.output(b.op('Gemm', [b.input('x', 'float32', ['batch', 1000]), w], { transB: 1 }));
  const model = b.build();
  const small = quantizeWeights(model, { ...INT8, weights: ['w'] }).model;
  expect(encodeModel(small).length / encodeModel(model).length).toBeLessThan(0.26);
});

test('a weight that nodes read along different axes has one scale', () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', 2]);
  const w = b.initializer('w', floatTensor([1, 2, 3, 4], [2, 2]));
  b.output(b.op('Gemm', [b.op('Gemm', [x, w], { transB: 1 }), w]));
  const { graph } = quantizeWeights(b.build(), { ...INT8, weights: ['w'] }).model;
  expect(graph.initializers.get('w.scale')!.dims).toEqual([]);
  expect(graph.nodes.filter((node) => node.opType === 'DequantizeLinear').length).toBe(1);
});

test('a bias that is selected gets one scale', async () => {
  const model = smallConvNet();
  const int8 = quantized(model, { weights: ['fc.b'] });
  expect(int8.graph.initializers.get('fc.b.scale')!.dims).toEqual([]);
  const batch = randomBatch(1, [4, 2, 8, 8]);
  const { error, message } = largestError(await run(int8, batch), await run(model, batch));
  expect(error, message).toBeLessThan(0.01);
});

test('the report names what became integer and what stayed float', () => {
  const { report } = quantizeWeights(smallConvNet(), { ...INT8, weights: ['fc.w'] });
  expect(report.quantized).toEqual([
    { name: 'fc.w', type: 'int8', scales: 5, minScale: expect.any(Number), maxScale: expect.any(Number) },
  ]);
  expect(report.float.map(({ name }) => name)).toEqual(['conv1.w', 'conv1.b', 'conv2.w', 'fc.b']);
});

test('the model given stays as it was', () => {
  const model = smallConvNet();
  quantized(model);
  expect([...model.graph.initializers.keys()]).toEqual(['conv1.w', 'conv1.b', 'conv2.w', 'fc.w', 'fc.b']);
});
