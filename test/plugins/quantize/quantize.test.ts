import { describe, expect, it } from 'vitest';
import quantize from '../../../plugins/quantize/index.js';
import { encodeModel, type Model } from '../../../src/onnx/index.js';
import { blobNetwork, blobs } from '../../support/blobs.js';
import { runStage, stageOptions } from '../../support/run-stage.js';

function opsOf(model: Model): string[] {
  return model.graph.nodes.map((node) => node.opType);
}

const setup = { inputs: { model: blobNetwork() }, data: blobs() };
const calibrate = { data: 'blobs', samples: 64 };

describe('the stage quantize', () => {
  it('stores weights as int8 per channel', async () => {
    const { model, metrics } = await runStage(quantize, { method: 'weights' }, setup);
    expect(opsOf(model)).toEqual(['DequantizeLinear', 'DequantizeLinear', 'Gemm', 'Relu', 'Gemm', 'Identity']);
    expect(metrics).toMatchObject({
      quantizedTensors: 2,
      scales: [
        { name: 'fc1.weight', type: 'int8', scales: 16 },
        { name: 'fc2.weight', type: 'int8', scales: 3 },
      ],
      floatTensors: [
        { name: 'fc1.bias', reason: 'not selected' },
        { name: 'fc2.bias', reason: 'not selected' },
      ],
    });
  });

  it('stores weights as affine uint8 around their mean, as the article does', async () => {
    const options = { method: 'weights', scheme: 'affine-uint8', center: 'mean', granularity: 'tensor' };
    const { metrics } = await runStage(quantize, options, setup);
    expect(metrics.scales).toMatchObject([
      { name: 'fc1.weight', type: 'uint8', scales: 1 },
      { name: 'fc2.weight', type: 'uint8', scales: 1 },
    ]);
  });

  it('calibrates and computes in int8', async () => {
    const { model, metrics, lines } = await runStage(quantize, { method: 'static', calibrate }, setup);
    expect(opsOf(model).filter((op) => !op.endsWith('Linear'))).toEqual(['Gemm', 'Gemm', 'Identity']);
    expect(metrics.quantizedTensors).toBe(2);
    expect(metrics.maxAbsDiff).toBeGreaterThan(0);
    // Logits reach about 10; two layers of 8 bits.
    expect(metrics.maxAbsDiff).toBeLessThan(0.3);
    expect(lines[0]).toBe('calibrating');
  });

  it('gives equal bytes for equal seeds', async () => {
    const bytes = async (seed: number) =>
      encodeModel((await runStage(quantize, { method: 'static', calibrate }, { ...setup, seed })).model);
    expect(await bytes(3)).toEqual(await bytes(3));
    expect(await bytes(3)).not.toEqual(await bytes(4));
  });

  it('writes dynamic products', async () => {
    const { model, metrics } = await runStage(quantize, { method: 'dynamic' }, setup);
    expect(opsOf(model).filter((op) => op === 'MatMulInteger').length).toBe(2);
    expect(metrics).toMatchObject({ quantizedTensors: 2, floatTensors: [] });
  });

  it('leaves float what select excludes', async () => {
    const select = { exclude: ['fc2'] };
    for (const options of [{ method: 'weights' }, { method: 'static', calibrate }, { method: 'dynamic' }]) {
      const { model, metrics } = await runStage(quantize, { ...options, select }, setup);
      expect(metrics.quantizedTensors).toBe(1);
      expect([...model.graph.initializers.keys()]).toContain('fc2.weight');
    }
  });

  it('refuses a model that is quantized already', async () => {
    const { model } = await runStage(quantize, { method: 'weights' }, setup);
    await expect(runStage(quantize, { method: 'weights' }, { inputs: { model } })).rejects.toThrow(
      'The model has no float weights of Conv, ConvTranspose, Gemm or MatMul.',
    );
  });

  it.each([
    [
      'static without samples',
      { method: 'static' },
      'method: static needs samples. Add calibrate: { data: … }, or use method: dynamic.',
    ],
    [
      'samples for another method',
      { method: 'dynamic', calibrate },
      'method: dynamic takes no calibrate. Remove it, or use method: static.',
    ],
    [
      'affine weights for integer arithmetic',
      { method: 'dynamic', scheme: 'affine-uint8' },
      'scheme: affine-uint8 belongs to method: weights, not to dynamic.',
    ],
    [
      'a centre for symmetric weights',
      { method: 'weights', center: 'mean' },
      'center: mean has no meaning for symmetric weights. Add scheme: affine-uint8.',
    ],
    [
      'convolutions with another method than dynamic',
      { method: 'weights', convolutions: true },
      'convolutions belongs to method: dynamic, not to weights. Remove it.',
    ],
    ['no method', {}, "schema: data must have required property 'method'"],
  ])('refuses %s', (_, options, message) => {
    expect(() => stageOptions(quantize, options)).toThrow(message);
  });
});
