import { closeSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model, Tensor } from '../../src/onnx/ir.js';
import { readOutline } from '../../src/onnx/outline.js';
import { readModel } from '../../src/onnx/read.js';
import { floatsOf, floatTensor } from '../../src/onnx/tensor.js';
import { encodeModel, writeModel, writtenBytes } from '../../src/onnx/write.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A Gemm with a large weight, and a Reshape by a small tensor. */
function network(): Model {
  const b = new GraphBuilder({ name: 'net' });
  const x = b.input('input', 'float32', ['batch', 40]);
  const weight = b.initializer('fc.weight', floatTensor(new Float32Array(40 * 60).fill(-2), [60, 40]));
  const bias = b.initializer('fc.bias', floatTensor(new Float32Array(60), [60]));
  const y = b.op('Gemm', [x, weight, bias], { transB: 1 }, { name: 'fc' });
  b.output(b.op('Reshape', [y, b.ints([-1, 6, 10])], {}, { name: 'fold' }), 'logits');
  const model = b.build();
  model.metadata.set('author', 'somebody');
  return model;
}

/** A model without the values of its large tensors. */
function form({ graph, ...rest }: Model) {
  const kept = ({ dims, dataType, bytes }: Tensor) => ({ dims, dataType, values: bytes.length < 1024 ? bytes : null });
  const initializers = [...graph.initializers].map(([name, tensor]) => [name, kept(tensor)]);
  return { ...rest, graph: { ...graph, initializers } };
}

describe('the outline of a model file', () => {
  it('is the model but for what its large tensors hold', async () => {
    const file = join(temporaryFolder(), 'model.onnx');
    await writeModel(network(), file);
    const outline = readOutline(file);
    expect(form(outline)).toEqual(form(await readModel(file)));
    const [value, ...others] = new Set(floatsOf(outline.graph.initializers.get('fc.weight')!));
    // The bits 0x3f3f3f3f: (1 + 0x3f3f3f / 2^23) / 2.
    expect(value).toBe((1 + 0x3f3f3f / 2 ** 23) / 2);
    expect(others).toEqual([]);
  });

  it('is the same where the tensors lie in a second file, which is not read', async () => {
    const folder = temporaryFolder();
    await writeModel(network(), join(folder, 'model.onnx'), { externalDataBytes: 1 });
    const whole = form(await readModel(join(folder, 'model.onnx')));
    const data = join(folder, 'model.onnx.data');
    writeFileSync(data, Buffer.alloc(statSync(data).size, 0xff));
    expect(form(readOutline(join(folder, 'model.onnx')))).toEqual(whole);
  });

  it('reads values that are written as numbers as stand-ins, too', () => {
    const file = join(temporaryFolder(), 'model.onnx');
    // TensorProto { dims: 400, data_type: FLOAT, float_data: 400 × 1.0, name: "w" } in a graph, in a model with one opset.
    const ones = Buffer.alloc(1600);
    for (let i = 0; i < 400; i++) ones.writeFloatLE(1, 4 * i);
    const tensor = Buffer.concat([
      Buffer.from([0x08, 0x90, 3, 0x10, 1, 0x22, 0xc0, 0x0c]),
      ones,
      Buffer.from([0x42, 1, 0x77]),
    ]);
    const graph = Buffer.concat([Buffer.from([0x2a, 0xcb, 0x0c]), tensor]);
    expect(tensor.length).toBe(0x0c * 128 + 0x4b);
    writeFileSync(
      file,
      Buffer.concat([Buffer.from([0x08, 8, 0x3a, 0xce, 0x0c]), graph, Buffer.from([0x42, 2, 0x10, 21])]),
    );
    const outline = readOutline(file);
    expect(outline.graph.initializers.get('w')).toMatchObject({ dataType: 'float32', dims: [400] });
    expect(floatsOf(outline.graph.initializers.get('w')!)[399]).not.toBe(1);
    expect(outline.opsets).toEqual(new Map([['', 21]]));
  });

  it('refuses a file that is cut off', () => {
    const file = join(temporaryFolder(), 'model.onnx');
    const bytes = encodeModel(network());
    writeFileSync(file, bytes.subarray(0, bytes.length - 200));
    expect(() => readOutline(file)).toThrow('is no ONNX model, or is cut off');
  });

  it('of a large file reads the graph alone', () => {
    // A sparse file: the tensor's bytes are a hole, which nothing reads.
    const file = join(temporaryFolder(), 'model.onnx');
    const size = 2 ** 28;
    const lengthOf = (bytes: number) => {
      const groups: number[] = [];
      for (let rest = bytes; ; rest = Math.floor(rest / 128)) {
        groups.push(rest > 127 ? (rest % 128) + 128 : rest);
        if (rest <= 127) return groups;
      }
    };
    const head = [0x08, ...lengthOf(size / 4), 0x10, 1, 0x42, 1, 0x77, 0x4a, ...lengthOf(size)];
    const graph = [0x2a, ...lengthOf(head.length + size), ...head];
    const model = [0x08, 8, 0x42, 2, 0x10, 21, 0x3a, ...lengthOf(graph.length + size), ...graph];
    const descriptor = openSync(file, 'w');
    writeSync(descriptor, Uint8Array.from(model));
    writeSync(descriptor, Uint8Array.of(0), 0, 1, model.length + size - 1);
    closeSync(descriptor);
    expect(statSync(file).size).toBe(model.length + size);
    expect(readOutline(file).graph.initializers.get('w')!.dims).toEqual([size / 4]);
  });
});

describe('the bytes that a model takes on disk', () => {
  it.each([
    ['in one file', {}, ['model.onnx']],
    ['in two', { externalDataBytes: 1 }, ['model.onnx', 'model.onnx.data']],
  ])('are those of its files: %s', async (_, options, files) => {
    const folder = temporaryFolder();
    await writeModel(network(), join(folder, 'model.onnx'), options);
    const total = files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    expect(writtenBytes(network(), options)).toBe(total);
  });
});
