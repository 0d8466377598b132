import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.js';
import { resnet8 } from '../../src/network/zoo/resnet8.js';
import { floatsOf, floatTensor, GraphBuilder, intsOf, type Model } from '../../src/onnx/index.js';
import { compareOutputs } from '../../src/quantize/compare-outputs.js';
import { quantizeStatic } from '../../src/quantize/quantize-static.js';
import { floatFeed } from '../../src/runtime/session.js';
import { type Batch, feedsOf, largestError, randomBatch, run, smallConvNet } from './networks.js';
import { REFERENCE } from './reference.js';

const everything = { isSelected: () => true };

async function quantized(model: Model, ...batches: Batch[]) {
  return (await quantizeStatic(model, { ...everything, calibration: feedsOf(...batches) })).model;
}

function opsOf(model: Model): string[] {
  return model.graph.nodes
    .map((node) => node.opType)
    .filter((op) => op !== 'QuantizeLinear' && op !== 'DequantizeLinear');
}

/** The network of the reference: conv → relu → max pool → flatten → gemm → relu → gemm. */
function referenceNetwork(): { model: Model; batches: Batch[] } {
  const { weights, batches } = REFERENCE.static;
  const b = new GraphBuilder();
  const w = (name: string) => b.initializer(name, floatTensor(weights[name]!.values, weights[name]!.dims));
  const x = b.input('x', 'float32', ['batch', 2, 6, 6]);
  const c = b.op('Conv', [x, w('conv.w'), w('conv.b')], {}, { outputs: ['c'] });
  const cr = b.op('Relu', [c], {}, { outputs: ['cr'] });
  const p = b.op('MaxPool', [cr], { kernel_shape: [2, 2], strides: [2, 2] }, { outputs: ['p'] });
  const f = b.op('Flatten', [p], {}, { outputs: ['f'] });
  const g = b.op('Gemm', [f, w('fc1.w'), w('fc1.b')], {}, { outputs: ['g'] });
  const gr = b.op('Relu', [g], {}, { outputs: ['gr'] });
  b.output(b.op('Gemm', [gr, w('fc2.w'), w('fc2.b')], { transB: 1 }, { outputs: ['y'] }));
  return {
    model: b.build(),
    batches: batches.map((batch) => ({ data: Float32Array.from(batch), dims: [4, 2, 6, 6] })),
  };
}

test('weights, biases, scales and zero points are those of the quantizer of onnxruntime, bit for bit', async () => {
  const { model, batches } = referenceNetwork();
  const { initializers } = (await quantized(model, ...batches)).graph;
  const { stored } = REFERENCE.static;
  const ourNames: Record<string, string> = {};
  for (const name of ['x', 'cr', 'gr']) {
    ourNames[`${name}_scale`] = `${name}.scale`;
    ourNames[`${name}_zero_point`] = `${name}.zero_point`;
  }
  for (const name of ['conv.w', 'fc1.w', 'fc2.w']) {
    ourNames[`${name}_quantized`] = `${name}.quantized`;
    ourNames[`${name}_scale`] = `${name}.scale`;
  }
  for (const name of ['conv.b', 'fc1.b', 'fc2.b']) {
    ourNames[`${name}_quantized`] = `${name}.quantized`;
    ourNames[`${name}_quantized_scale`] = `${name}.scale`;
  }
  for (const [theirs, ours] of Object.entries(ourNames)) {
    const tensor = initializers.get(ours)!;
    const values = tensor.dataType === 'float32' ? [...floatsOf(tensor)] : intsOf(tensor);
    expect({ name: ours, dims: tensor.dims, values }).toEqual({ name: ours, ...stored[theirs]! });
  }
});

test('the output is that of the model of onnxruntime, up to the rounding of its last layer, which Lathe leaves out', async () => {
  const { model, batches } = referenceNetwork();
  const ours = await run(await quantized(model, ...batches), batches[0]!);
  const { error, message } = largestError(ours, Float32Array.from(REFERENCE.static.outputs));
  // Half a step of the output's uint8, plus one step of "gr" that another order of rounding may give.
  expect(error, message).toBeLessThan(REFERENCE.static.stored.y_scale!.values[0]! / 2 + 0.06);
});

test('a convolutional network computes the same within a few steps of its activations', async () => {
  const model = smallConvNet();
  const batches = [1, 2, 3].map((seed) => randomBatch(seed, [16, 2, 8, 8]));
  const int8 = await quantized(model, ...batches);
  const expected = await run(model, batches[0]!);
  const { error, message } = largestError(await run(int8, batches[0]!), expected);
  const range = Math.max(...expected) - Math.min(...expected);
  expect(error, message).toBeLessThan(range * 0.03);
  expect(error).toBeGreaterThan(0);
});

test('onnxruntime gives the same with and without its integer kernels, up to a step', async () => {
  const batch = randomBatch(1, [16, 2, 8, 8]);
  const int8 = await quantized(smallConvNet(), batch);
  const simulated = await run(int8, batch, { optimization: 'disabled' });
  const { error, message } = largestError(await run(int8, batch), simulated);
  expect(error, message).toBeLessThan(0.05);
});

test('Relu behind a Conv or Add is absorbed by the saturation of uint8', async () => {
  const int8 = await quantized(smallConvNet(), randomBatch(1, [4, 2, 8, 8]));
  expect(opsOf(int8)).toEqual(['Conv', 'MaxPool', 'Conv', 'Add', 'GlobalAveragePool', 'Flatten', 'Gemm', 'Identity']);
});

test('a pooled tensor has the scale of its input', async () => {
  const { graph } = await quantized(smallConvNet(), randomBatch(1, [4, 2, 8, 8]));
  const scaleOf = (output: string) => graph.nodes.find((node) => node.outputs[0] === output)!.inputs[1];
  const pool = graph.nodes.find((node) => node.opType === 'MaxPool')!;
  const behind = graph.nodes.find((node) => node.opType === 'QuantizeLinear' && node.inputs[0] === pool.outputs[0])!;
  expect(behind.inputs[1]).toBe(scaleOf(pool.inputs[0]!));
});

test('the logits of a final Gemm are not rounded to 8 bits', async () => {
  const int8 = await quantized(smallConvNet(), randomBatch(1, [4, 2, 8, 8]));
  const gemm = int8.graph.nodes.find((node) => node.opType === 'Gemm')!;
  expect(int8.graph.nodes.filter((node) => node.inputs.includes(gemm.outputs[0]!)).map((node) => node.opType)).toEqual([
    'Identity',
  ]);
});

test('weights that are 0 stay exactly 0, so sparsity survives', async () => {
  const model = smallConvNet();
  const sparse = floatsOf(model.graph.initializers.get('conv2.w')!).map((weight, i) => (i % 3 === 0 ? weight : 0));
  model.graph.initializers.set('conv2.w', floatTensor(sparse, [4, 4, 3, 3]));
  const int8 = await quantized(model, randomBatch(1, [4, 2, 8, 8]));
  const integers = intsOf(int8.graph.initializers.get('conv2.w.quantized')!);
  expect([...sparse.keys()].filter((i) => sparse[i] === 0 && integers[i] !== 0)).toEqual([]);
  expect(integers.filter((integer) => integer !== 0).length).toBeGreaterThan(40);
});

test('a weight and a bias that two nodes share become private to each, since onnxruntime does not fuse shared ones', async () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', 2, 4, 4]);
  const w = b.initializer('w', floatTensor([1, 2, 3, 4], [2, 2, 1, 1]));
  const bias = b.initializer('b', floatTensor([1, -1], [2]));
  b.output(b.op('Conv', [b.op('Conv', [x, w, bias]), w, bias]));
  const int8 = await quantized(b.build(), randomBatch(1, [2, 2, 4, 4]));
  const [first, second] = int8.graph.nodes.filter((node) => node.opType === 'Conv');
  expect(new Set([...first!.inputs.slice(1), ...second!.inputs.slice(1)]).size).toBe(4);
  expect([...int8.graph.initializers.keys()]).not.toContain('w');
});

test('a node that select excludes stays float and reads what it read', async () => {
  const model = smallConvNet();
  const { model: mixed, report } = await quantizeStatic(model, {
    isSelected: (node) => node.name !== 'conv2',
    calibration: feedsOf(randomBatch(1, [4, 2, 8, 8])),
  });
  const conv2 = mixed.graph.nodes.find((node) => node.name === 'conv2')!;
  expect(conv2.inputs[1]).toBe('conv2.w');
  expect(report.float).toEqual([{ name: 'conv2 (Conv)', reason: 'not selected' }]);
  expect(report.quantized.map(({ name }) => name)).toEqual(['conv1.w', 'fc.w']);
  const batch = randomBatch(1, [4, 2, 8, 8]);
  const { error, message } = largestError(await run(mixed, batch), await run(model, batch));
  expect(error, message).toBeLessThan(0.1);
});

test.each([0, 1])('a Gemm with transB %i has a scale per output, and alpha and beta worked in', async (transB) => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', 3]);
  // Output 0 has weights 1, 2, 3; output 1 ten times as much.
  const rows = [1, 2, 3, 10, 20, 30];
  const columns = [1, 10, 2, 20, 3, 30];
  const w = b.initializer('w', transB === 1 ? floatTensor(rows, [2, 3]) : floatTensor(columns, [3, 2]));
  const c = b.initializer('c', floatTensor([4], [1]));
  const factors = { alpha: { type: 'float', value: 2 }, beta: { type: 'float', value: 0.5 } } as const;
  b.output(b.op('Gemm', [x, w, c], { transB, ...factors }));
  const model = b.build();
  const batch = randomBatch(1, [8, 3]);
  const int8 = await quantized(model, batch);
  expect([...floatsOf(int8.graph.initializers.get('w.scale')!)]).toEqual([6 / 127, 60 / 127].map(Math.fround));
  expect(int8.graph.initializers.get('c.quantized')!.dims).toEqual([2]);
  const { error, message } = largestError(await run(int8, batch), await run(model, batch));
  // An input step is about 0.02; the weights of one output sum to 120.
  expect(error, message).toBeLessThan(1.5);
});

test('a Conv without a bias, whose output is the graph output, works', async () => {
  const b = new GraphBuilder();
  const w = b.initializer('w', floatTensor([1, -1, 0.5, 2], [2, 2, 1, 1]));
  b.output(b.op('Conv', [b.input('x', 'float32', ['batch', 2, 3, 3]), w], {}, { outputs: ['y'] }));
  const model = b.build();
  const batch = randomBatch(1, [2, 2, 3, 3]);
  const int8 = await quantized(model, batch);
  expect(int8.graph.outputs.map((output) => output.name)).toEqual(['y']);
  const { error, message } = largestError(await run(int8, batch), await run(model, batch));
  expect(error, message).toBeLessThan(0.1);
});

test('an activation that never changes has a range all the same', async () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', 2]);
  const w = b.initializer('w', floatTensor([0, 0, 0, 0], [2, 2]));
  const hidden = b.op('Relu', [b.op('MatMul', [x, w])]);
  b.output(b.op('MatMul', [hidden, b.initializer('v', floatTensor([1, 2, 3, 4], [2, 2]))]));
  const batch = randomBatch(1, [2, 2]);
  expect([...(await run(await quantized(b.build(), batch), batch))]).toEqual([0, 0, 0, 0]);
});

test('a MatMul of two activations is quantized on both sides', async () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', 4]);
  const gram = b.op('MatMul', [x, b.op('Transpose', [x], { perm: [1, 0] })]);
  b.output(gram);
  const model = b.build();
  const batch = randomBatch(1, [3, 4]);
  const int8 = await quantized(model, batch);
  expect(int8.graph.nodes.filter((node) => node.opType === 'QuantizeLinear').length).toBe(2);
  const { error, message } = largestError(await run(int8, batch), await run(model, batch));
  expect(error, message).toBeLessThan(0.15);
});

test('a residual network becomes integer throughout, its batch normalizations folded', async () => {
  const model = resnet8.build({
    options: { initializer: 'kaiming-normal' },
    inputShape: [3, 16, 16],
    outputs: 10,
    random: new Random(1),
  });
  const input = model.graph.inputs[0]!.name;
  const { data, dims } = randomBatch(1, [8, 3, 16, 16]);
  async function* calibration() {
    yield { [input]: floatFeed(data, dims) };
  }
  const { model: int8, report } = await quantizeStatic(model, { ...everything, calibration: calibration() });
  expect(report.float).toEqual([]);
  expect(opsOf(int8)).not.toContain('BatchNormalization');
  // Logits reach about 2.
  expect(await compareOutputs(model, int8, calibration())).toBeLessThan(0.2);
});

test('a model without a weighted operator is refused with the reasons', async () => {
  const b = new GraphBuilder();
  b.output(
    b.op('Relu', [b.op('Exp', [b.input('x', 'float32', ['batch', 2])], {}, { name: 'grow' })], {}, { name: 'cut' }),
  );
  await expect(quantized(b.build(), randomBatch(1, [1, 2]))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[UserError: No node of the model can be quantized. grow (Exp): the operator has no int8 form here Static quantization needs a Conv, ConvTranspose, Gemm or MatMul that select does not exclude.]`,
  );
});

test('a calibration that yields a value that is not finite is refused by tensor', async () => {
  const { model } = referenceNetwork();
  const batch = { data: new Float32Array(72).fill(Number.POSITIVE_INFINITY), dims: [1, 2, 6, 6] };
  await expect(quantized(model, batch)).rejects.toThrow('During calibration the tensor "x" takes the value Infinity.');
});

test('a calibration without samples is refused', async () => {
  await expect(quantized(referenceNetwork().model)).rejects.toThrow('There are no samples to calibrate with.');
});
