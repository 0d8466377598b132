import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { chooseShards } from '../../src/train/choose-shards.js';

/** One 5×5 convolution from 3 to 6 channels: 352,800 multiplications a sample at 32×32, 7,200 at 8×8. */
function conv(batch: number, size: number): GraphBuilder {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [batch, 3, size, size]);
  b.op('Conv', [x, b.initializer('w', floatTensor(new Float32Array(450), [6, 3, 5, 5]))]);
  return b;
}

describe('chooseShards', () => {
  it('splits heavy convolutions in two, and leaves light ones whole', () => {
    expect(chooseShards(conv(64, 32), 64)).toBe(2);
    expect(chooseShards(conv(64, 8), 64)).toBe(1);
  });

  it('leaves matrix products whole, however large', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [64, 4096]);
    b.op('MatMul', [x, b.initializer('w', floatTensor(new Float32Array(4096 * 64), [4096, 64]))]);
    expect(chooseShards(b, 64)).toBe(1);
  });

  it('leaves a batch that two do not divide', () => {
    expect(chooseShards(conv(63, 32), 63)).toBe(1);
  });
});
