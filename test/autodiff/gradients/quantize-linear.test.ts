import { describe, expect, it } from 'vitest';
import { buildBackward } from '../../../src/autodiff/backward.js';
import { type AttributeInput, GraphBuilder, type Value } from '../../../src/onnx/builder.js';
import type { Tensor } from '../../../src/onnx/ir.js';
import { floatFeed, Session } from '../../../src/runtime/session.js';
import { expectClose } from '../../support/gradient-vectors.js';

/** QuantizeLinear and DequantizeLinear one after the other, and the gradients of Σ v · result. */
async function fakeQuantized(problem: {
  x: number[];
  dims: number[];
  scale: number[];
  zeroPoint: Tensor;
  v: number[];
  attributes?: Record<string, AttributeInput>;
  domain?: string;
}) {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', problem.dims);
  const scaleDims = problem.scale.length === 1 ? [] : [problem.scale.length];
  const scale = b.input('scale', 'float32', scaleDims);
  const seed = b.input('seed', 'float32', problem.dims);
  const zeroPoint = b.constant(problem.zeroPoint);
  const { attributes = {}, domain = '' } = problem;
  const q = b.op('QuantizeLinear', [x, scale, zeroPoint], attributes, { domain });
  const y = b.op('DequantizeLinear', [q, scale, zeroPoint], attributes, { domain });
  const [dx, dscale] = buildBackward(b, y, [x, scale], { seed }) as [Value, Value];
  b.output(dx, 'dx');
  b.output(dscale, 'dscale');
  const session = await Session.create(b.build(), { optimization: 'basic' });
  const results = await session.run({
    x: floatFeed(Float32Array.from(problem.x), problem.dims),
    scale: floatFeed(Float32Array.from(problem.scale), scaleDims),
    seed: floatFeed(Float32Array.from(problem.v), problem.dims),
  });
  await session.release();
  return { dx: results.dx!.data as Float32Array, dscale: results.dscale!.data as Float32Array };
}

describe('the gradient of QuantizeLinear', () => {
  it('passes straight through inside the range and not at all outside', async () => {
    const zeroPoint: Tensor = { dataType: 'int8', dims: [], bytes: Uint8Array.of(0) };
    const x = [0.26, -0.31, 20, -20, 12.74];
    const v = [1, 2, 3, 4, 5];
    const { dx, dscale } = await fakeQuantized({ x, dims: [5], scale: [0.1], zeroPoint, v });
    expect([...dx]).toEqual([1, 2, 0, 0, 5]);
    // Learned step size: round(x/s) − x/s inside, the limit itself outside.
    const expected = 1 * (3 - 2.6) + 2 * (-3 + 3.1) + 3 * 127 + 4 * -128 + 5 * (127 - 127.4);
    expectClose(dscale, [expected], 1e-5, 'dscale');
  });

  it('takes a zero point and a scale per channel', async () => {
    const zeroPoint: Tensor = { dataType: 'uint8', dims: [2], bytes: Uint8Array.of(10, 128) };
    const { dx, dscale } = await fakeQuantized({
      x: [-1.2, 0.33, 130, 1.1],
      dims: [2, 2],
      scale: [0.1, 1],
      zeroPoint,
      v: [1, 2, 3, 4],
      attributes: { axis: 0 },
    });
    // Channel 0 holds −1 … 24.5, channel 1 holds −128 … 127.
    expect([...dx]).toEqual([0, 2, 0, 4]);
    expectClose(dscale, [1 * -10 + 2 * (3 - 3.3), 3 * 127 + 4 * (1 - 1.1)], 1e-5, 'dscale');
  });

  it.each([
    ['int8', [0], -128, 127],
    ['uint8', [0], 0, 255],
    ['int16', [0, 0], -32768, 32767],
    ['uint16', [0, 0], 0, 65535],
    ['int4', [0], -8, 7],
    ['uint4', [0], 0, 15],
  ] as const)("knows onnxruntime's own form, which has %s in every opset", async (dataType, zero, lowest, highest) => {
    const { dx, dscale } = await fakeQuantized({
      x: [lowest - 1, lowest, 1.25, highest, highest + 1],
      dims: [5],
      scale: [1],
      zeroPoint: { dataType, dims: [], bytes: Uint8Array.from(zero) },
      v: [1, 2, 3, 4, 5],
      domain: 'com.microsoft',
    });
    expect([...dx]).toEqual([0, 2, 3, 4, 0]);
    expectClose(dscale, [1 * lowest + 3 * (1 - 1.25) + 5 * highest], 1e-5, 'dscale');
  });
});
