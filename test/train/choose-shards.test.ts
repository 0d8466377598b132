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

function product(input: readonly number[], outputs: number): GraphBuilder {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', input);
  const dims = [input.at(-1)!, outputs];
  b.op('MatMul', [x, b.initializer('w', floatTensor(new Float32Array(dims[0]! * outputs), dims))]);
  return b;
}

describe('chooseShards', () => {
  it('splits heavy convolutions in two, and leaves light ones whole', () => {
    expect(chooseShards(conv(64, 32), { batch: 64, size: 456 })).toBe(2);
    expect(chooseShards(conv(64, 8), { batch: 64, size: 456 })).toBe(1);
  });

  it('leaves matrix products whole that use each weight once a sample, however large', () => {
    expect(chooseShards(product([64, 4096], 64), { batch: 64, size: 4096 * 64 })).toBe(1);
  });

  it('splits matrix products that use each weight once a token', () => {
    expect(chooseShards(product([16, 64, 128], 512), { batch: 16, size: 128 * 512 })).toBe(2);
  });

  it('leaves a batch that two do not divide', () => {
    expect(chooseShards(conv(63, 32), { batch: 63, size: 456 })).toBe(1);
  });
});
