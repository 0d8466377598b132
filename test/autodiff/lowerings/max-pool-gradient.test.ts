import { describe, expect, it } from 'vitest';
import {
  MAX_POOL_GRADIENTS,
  type MaxPoolGradientName,
} from '../../../src/autodiff/lowerings/max-pool-gradient/index.js';
import { makeWindow } from '../../../src/autodiff/window.js';
import { GraphBuilder } from '../../../src/onnx/builder.js';
import { floatFeed, Session } from '../../../src/runtime/session.js';

const WINDOW = makeWindow({
  kernel: [2, 2],
  strides: [2, 2],
  dilations: [1, 1],
  begin: [0, 0],
  input: [4, 5],
  output: [2, 2],
});

async function gradient(name: MaxPoolGradientName, x: number[], dy: number[]): Promise<number[]> {
  const b = new GraphBuilder();
  const input = b.input('x', 'float32', [1, 1, 4, 5]);
  const seed = b.input('dy', 'float32', [1, 1, 2, 2]);
  const y = b.op('MaxPool', [input], { kernel_shape: [2, 2], strides: [2, 2] });
  b.output(MAX_POOL_GRADIENTS[name](b, { x: input, y, dy: seed, window: WINDOW, isOverRelu: false }), 'dx');
  const session = await Session.create(b.build());
  const { dx } = await session.run({
    x: floatFeed(Float32Array.from(x), [1, 1, 4, 5]),
    dy: floatFeed(Float32Array.from(dy), [1, 1, 2, 2]),
  });
  await session.release();
  return [...(dx!.data as Float32Array)];
}

describe('ways to compute the gradient of max pooling', () => {
  const different = [1, 2, 8, 3, 99, 4, 3, 7, 5, 99, 9, 1, 2, 6, 99, 0, 5, 4, 3, 99];
  it.each(Object.keys(MAX_POOL_GRADIENTS) as MaxPoolGradientName[])(
    '%s gives each gradient to the one largest element, and none to the column that no window reads',
    async (name) => {
      const dx = await gradient(name, different, [10, 20, 30, 40]);
      expect(dx).toEqual([0, 0, 20, 0, 0, 10, 0, 0, 0, 0, 30, 0, 0, 40, 0, 0, 0, 0, 0, 0]);
    },
  );

  const tied = [5, 5, 1, 0, 0, 5, 5, 0, 1, 0, 2, 2, 3, 0, 0, 0, 1, 0, 0, 0];
  it('taps gives all of it to the first of equal elements, as PyTorch does', async () => {
    const dx = await gradient('taps', tied, [8, 6, 4, 2]);
    expect(dx).toEqual([8, 0, 6, 0, 0, 0, 0, 0, 0, 0, 4, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('blocks shares it equally among equal elements, so that the sum is the same', async () => {
    const dx = await gradient('blocks', tied, [8, 6, 4, 2]);
    expect(dx).toEqual([2, 2, 3, 0, 0, 2, 2, 0, 3, 0, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0]);
  });
});
