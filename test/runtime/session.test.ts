import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { floatFeed, Session } from '../../src/runtime/session.js';

/** y = x + 1, z = x · 2, with x of [2]. */
function twoOutputs(): Model {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [2]);
  b.output(b.op('Add', [x, b.constant(floatTensor([1], [1]))]), 'y');
  b.output(b.op('Mul', [x, b.constant(floatTensor([2], [1]))]), 'z');
  return b.build();
}

const x = floatFeed(Float32Array.of(3, 4), [2]);

describe('Session', () => {
  it('runs a model and gives all outputs, or those that are asked for', async () => {
    const session = await Session.create(twoOutputs());
    expect(session.inputNames).toEqual(['x']);
    expect(session.outputNames).toEqual(['y', 'z']);
    const all = await session.run({ x });
    expect([...(all.y!.data as Float32Array)]).toEqual([4, 5]);
    expect([...(all.z!.data as Float32Array)]).toEqual([6, 8]);
    expect(Object.keys(await session.run({ x }, ['z']))).toEqual(['z']);
    await session.release();
  });

  it('writes an output into a buffer that it is given', async () => {
    const session = await Session.create(twoOutputs());
    const buffer = new Float32Array(2);
    const outputs = await session.run({ x }, { y: floatFeed(buffer, [2]), z: null });
    expect([...buffer]).toEqual([4, 5]);
    expect([...(outputs.z!.data as Float32Array)]).toEqual([6, 8]);
    await session.release();
  });

  it('hands the tensors of a large model over beside it', async () => {
    const b = new GraphBuilder();
    const input = b.input('x', 'float32', [1, 32]);
    const values = Float32Array.from({ length: 1024 }, (_, i) => (i % 33 === 0 ? 1 + i / 33 : 0));
    const weight = b.initializer('w', floatTensor(values, [32, 32]));
    b.output(b.op('MatMul', [input, weight]), 'y');
    const model = b.build();
    const session = await Session.create(model, { externalDataBytes: 1 });
    // onnxruntime has a copy: what becomes of the model afterwards does not matter.
    values.fill(0);
    const { y } = await session.run({ x: floatFeed(new Float32Array(32).fill(2), [1, 32]) });
    expect([...(y!.data as Float32Array)]).toEqual(Array.from({ length: 32 }, (_, i) => 2 * (1 + i)));
    await session.release();
  });

  it('a model that onnxruntime cannot load is a clear error', async () => {
    await expect(Session.create(Uint8Array.of(1, 2, 3), { name: 'broken.onnx' })).rejects.toMatchObject({
      code: 'RUNTIME_LOAD',
      problem: expect.stringContaining('onnxruntime cannot load broken.onnx: '),
    });
  });

  it('an input of the wrong shape is an error with the name of the model', async () => {
    const session = await Session.create(twoOutputs(), { name: 'the sum' });
    await expect(session.run({ x: floatFeed(new Float32Array(3), [3]) })).rejects.toMatchObject({
      code: 'RUNTIME_RUN',
      problem: expect.stringContaining('onnxruntime failed to run the sum: '),
    });
    await session.release();
  });

  it('a missing feed is a bug of ours, and says which', async () => {
    const session = await Session.create(twoOutputs());
    await expect(session.run({})).rejects.toThrow('internal: no feed for the input "x" of the model');
    await session.release();
  });
});
