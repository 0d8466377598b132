import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { checkModel } from '../../src/onnx/check.js';
import type { Model } from '../../src/onnx/ir.js';
import { floatTensor, int64Tensor } from '../../src/onnx/tensor.js';
import { writeModel } from '../../src/onnx/write.js';
import { build, run, userErrorsOf, zoo } from './support.js';

async function fileOf(model: Model): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-network-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'model.onnx');
  await writeModel(model, file);
  return file;
}

/** A model as exporters write it: batch fixed at 1, also in Reshape. */
function exported(shape: readonly number[]): Model {
  const b = new GraphBuilder();
  const x = b.input('image', 'float32', [1, 2, 2, 2]);
  const flat = b.op('Reshape', [x, b.initializer('shape', int64Tensor(shape))]);
  const w = b.initializer('w', floatTensor(new Float32Array(24).fill(1), [3, 8]));
  const y = b.op('Gemm', [flat, w], { transB: 1 }, { name: 'gemm' });
  b.output(y, 'scores');
  return b.build();
}

describe('an ONNX file as network', () => {
  test('keeps its weights and names', async () => {
    const model = await zoo('lenet5', {}, { seed: 9 });
    const read = await build({ kind: 'file', file: await fileOf(model) }, { seed: 1 });
    expect(read.graph.initializers).toEqual(model.graph.initializers);
    expect(read.graph.nodes.map(({ name }) => name)).toEqual(model.graph.nodes.map(({ name }) => name));
  });

  test.each([[[1, 8]], [[1, -1]]])('gets a symbolic batch, also through Reshape to %j', async (shape) => {
    const file = await fileOf(exported(shape));
    const model = await build({ kind: 'file', file }, { inputShape: [2, 2, 2], outputs: 3 });
    checkModel(model);
    expect(model.graph.inputs[0]!.shape).toEqual(['batch', 2, 2, 2]);
    const { dims, data } = await run(model, 4, 0.25);
    expect(dims).toEqual([4, 3]);
    expect([...data]).toEqual(Array(12).fill(2));
  });

  test('that is damaged is refused', async () => {
    const model = exported([1, 8]);
    model.graph.nodes[0]!.inputs = ['nowhere', ...model.graph.nodes[0]!.inputs.slice(1)];
    const errors = await userErrorsOf(build({ kind: 'file', file: await fileOf(model) }, { inputShape: [2, 2, 2] }));
    expect(errors[0]).toMatch(/reads "nowhere", which nothing makes\..* \[ONNX_UNDEFINED_VALUE\]$/);
  });

  test('whose batch stays what it was, here in a Reshape by floats, is refused', async () => {
    const model = exported([1, 8]);
    model.graph.initializers.set('shape', floatTensor([1, 8], [2]));
    const request = { inputShape: [2, 2, 2], outputs: 3 };
    const errors = await userErrorsOf(build({ kind: 'file', file: await fileOf(model) }, request));
    expect(errors[0]).toContain('gives 1 answer, however many samples go in. Export it with an open batch dimension.');
  });

  test('of another input shape or number of outputs is refused', async () => {
    const file = await fileOf(exported([1, 8]));
    const errors = async (request: object) =>
      (await userErrorsOf(build({ kind: 'file', file }, request))).map((text) => text.replaceAll(file, '<file>'));
    expect(await errors({ inputShape: [2, 4, 4], outputs: 3 })).toMatchInlineSnapshot(`
      [
        "<file> takes float32 samples of shape [2, 2, 2], but the data has float32 samples of shape [2, 4, 4]. Change the input of the network, or give the data another shape or size. [NETWORK_INPUT]",
      ]
    `);
    expect(await errors({ inputShape: [8], outputs: 3 })).toMatchInlineSnapshot(`
      [
        "<file> takes float32 samples of shape [2, 2, 2], but the data has float32 samples of shape [8]. Change the input of the network, or give the data another shape or size. [NETWORK_INPUT]",
      ]
    `);
    expect(await errors({ inputShape: [2, 2, 2], outputs: 10 })).toMatchInlineSnapshot(`
      [
        "<file> gives 3 outputs, but the data asks for 10: shape [batch, 10]. Let the last layer have one output for each class (or value to regress). [NETWORK_OUTPUTS]",
      ]
    `);
  });

  test('of several outputs is refused', async () => {
    const model = exported([1, 8]);
    model.graph.outputs.push({ name: 'reshape.out', dataType: 'float32', shape: [1, 8] });
    const file = await fileOf(model);
    const errors = await userErrorsOf(build({ kind: 'file', file }, { inputShape: [2, 2, 2], outputs: 3 }));
    expect(errors.map((text) => text.replaceAll(file, '<file>'))).toMatchInlineSnapshot(`
      [
        "<file> has inputs: 1 (image), outputs: 2 (scores, reshape.out). A network to train has one input and one output. [NETWORK_ENDS]",
      ]
    `);
  });
});

test('an unknown network is refused with a suggestion', async () => {
  expect(await userErrorsOf(build({ kind: 'uses', uses: 'lenet-5', options: {} }))).toMatchInlineSnapshot(`
    [
      "There is no network "lenet-5". Did you mean "lenet5"? [NETWORK_UNKNOWN]",
    ]
  `);
});
