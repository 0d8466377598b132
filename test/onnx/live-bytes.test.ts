import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { forwardBytes, weightBytes } from '../../src/onnx/forward-bytes.js';
import { liveBytes } from '../../src/onnx/live-bytes.js';
import { floatTensor } from '../../src/onnx/tensor.js';

/** float32 [batch, 4] → three results, of which the first is used again at the end. */
function branching(batch: number | string = 'batch', width = 4) {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [batch, width]);
  const a = b.op('Relu', [x]);
  const c = b.op('Sigmoid', [a]);
  const d = b.op('Tanh', [c]);
  b.output(b.op('Add', [a, d]), 'y');
  return b;
}

const liveIn = (b: GraphBuilder) => liveBytes(b.graph, (name) => b.value(name));

describe('the bytes of results that live at one time', () => {
  it('are those of the step at which most are still to be used', () => {
    // At Tanh: a is used by Add, c by Tanh, and d is made: 3 × 10 × 4 floats. At Add: a, d and y.
    expect(liveIn(branching(10))).toBe(3 * 10 * 4 * 4);
  });

  it('do not count inputs, weights, and what is only a value in another shape', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [8, 16]);
    const w = b.initializer('w', floatTensor(new Float32Array(16 * 2), [16, 2]));
    const product = b.op('MatMul', [x, w]);
    b.output(b.op('Relu', [b.op('Reshape', [product, b.ints([16])])]), 'y');
    // The product, in either shape, and y: 16 floats each.
    expect(liveIn(b)).toBe(2 * 16 * 4);
    expect(weightBytes(b)).toBe(16 * 2 * 4 + 8);
  });

  it('are not known where a size is not', () => {
    expect(liveIn(branching())).toBeNull();
  });
});

describe('the bytes of a model that runs', () => {
  it('follow from the batch', () => {
    expect(forwardBytes(branching().build(), 10)).toBe(3 * 10 * 4 * 4);
    expect(forwardBytes(branching().build(), 100)).toBe(10 * forwardBytes(branching().build(), 10)!);
  });

  it('follow from the number of samples that the model is fixed to', () => {
    expect(forwardBytes(branching(2).build(), 100)).toBe(3 * 2 * 4 * 4);
  });

  it('are not known for samples that it does not take', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['batch', 4]);
    b.output(b.op('MatMul', [x, b.initializer('w', floatTensor(new Float32Array(8), [4, 2]))]), 'y');
    expect(forwardBytes(b.build(), 1, [5])).toBeNull();
  });
});
