import { expect, test } from 'vitest';
import { GraphBuilder } from '../../src/onnx/index.js';
import { calibrate } from '../../src/quantize/calibrate.js';
import { feedsOf } from './networks.js';

function doubling() {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', ['batch', 2]);
  b.output(b.op('Add', [x, x], {}, { outputs: ['y'] }));
  return b.build();
}

test('ranges cover all batches, of any size, for inputs and inner values', async () => {
  const batches = feedsOf(
    { data: Float32Array.of(1, 2, 3, 4), dims: [2, 2] },
    { data: Float32Array.of(-5, 0.5), dims: [1, 2] },
  );
  expect(await calibrate(doubling(), ['x', 'y'], batches)).toEqual(
    new Map([
      ['x', { min: -5, max: 4 }],
      ['y', { min: -10, max: 8 }],
    ]),
  );
});

test('two batches give the same ranges as one joined batch', async () => {
  const values = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i * 7));
  const joined = await calibrate(doubling(), ['x', 'y'], feedsOf({ data: values, dims: [6, 2] }));
  const parts = feedsOf({ data: values.slice(0, 4), dims: [2, 2] }, { data: values.slice(4), dims: [4, 2] });
  expect(await calibrate(doubling(), ['x', 'y'], parts)).toEqual(joined);
});

test.each([0, 1, 3])('a NaN at position %i is not overlooked', async (position) => {
  const data = Float32Array.of(1, 2, 3, 4);
  data[position] = Number.NaN;
  await expect(calibrate(doubling(), ['x'], feedsOf({ data, dims: [2, 2] }))).rejects.toThrow(
    'During calibration the tensor "x" takes the value NaN.',
  );
});
