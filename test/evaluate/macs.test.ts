import { describe, expect, it } from 'vitest';
import { countMacs } from '../../src/evaluate/macs.js';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Dim } from '../../src/onnx/ir.js';
import { floatTensor, fromArray } from '../../src/onnx/tensor.js';

function floats(...dims: number[]) {
  return floatTensor(new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);
}

function ints(type: 'int8' | 'uint8', ...dims: number[]) {
  const size = dims.reduce((a, b) => a * b, 1);
  return fromArray(type, type === 'int8' ? new Int8Array(size) : new Uint8Array(size), dims);
}

/** LeNet-5 as Caffe has it. */
function lenet5(input: Dim[]) {
  const b = new GraphBuilder();
  const x = b.input('input', 'float32', input);
  const c1 = b.op('Conv', [x, b.initializer('w1', floats(20, 1, 5, 5)), b.initializer('b1', floats(20))], {
    kernel_shape: [5, 5],
  });
  const p1 = b.op('MaxPool', [c1], { kernel_shape: [2, 2], strides: [2, 2] });
  const c2 = b.op('Conv', [p1, b.initializer('w2', floats(50, 20, 5, 5)), b.initializer('b2', floats(50))], {
    kernel_shape: [5, 5],
  });
  const p2 = b.op('MaxPool', [c2], { kernel_shape: [2, 2], strides: [2, 2] });
  const h = b.op('Gemm', [b.op('Flatten', [p2]), b.initializer('w3', floats(500, 800))], { transB: 1 });
  const logits = b.op('Gemm', [b.op('Relu', [h]), b.initializer('w4', floats(500, 10))]);
  b.output(logits, 'logits');
  return b.build();
}

// 20·24²·25 + 50·8²·(20·25) + 800·500 + 500·10, biases, pooling and activations aside.
const LENET5_MACS = 288_000 + 1_600_000 + 400_000 + 5_000;

describe('countMacs', () => {
  it('counts convolutions and fully connected layers of LeNet-5', () => {
    const count = countMacs(lenet5(['batch', 1, 28, 28]));
    expect(count.macs).toBe(LENET5_MACS);
    expect(count.nodes.map((node) => node.macs)).toEqual([288_000, 1_600_000, 400_000, 5_000]);
    expect(count.unknown).toEqual([]);
  });

  it('counts one sample of a model with a fixed batch size', () => {
    expect(countMacs(lenet5([8, 1, 28, 28])).macs).toBe(LENET5_MACS);
  });

  it('takes the sample size from the data where the model leaves it open', () => {
    expect(countMacs(lenet5(['batch', 1, 'h', 'w']), [1, 28, 28]).macs).toBe(LENET5_MACS);
  });

  it('divides the input channels of a grouped convolution by the groups', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['n', 8, 10, 10]);
    b.output(b.op('Conv', [x, b.initializer('w', floats(8, 1, 3, 3))], { group: 8, pads: [1, 1, 1, 1] }), 'y');
    expect(countMacs(b.build()).macs).toBe(8 * 100 * 9);
  });

  it('spreads every input element of a transposed convolution over a filter', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['n', 4, 5, 5]);
    b.output(b.op('ConvTranspose', [x, b.initializer('w', floats(4, 6, 2, 2))], { strides: [2, 2] }), 'y');
    expect(countMacs(b.build()).macs).toBe(4 * 25 * 6 * 4);
  });

  it('counts batched matrix products', () => {
    const b = new GraphBuilder();
    const q = b.input('q', 'float32', ['n', 7, 16]);
    b.output(b.op('MatMul', [q, b.initializer('w', floats(16, 3))]), 'y');
    expect(countMacs(b.build()).macs).toBe(7 * 16 * 3);
  });

  it('counts a quantized layer like the float one', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'uint8', ['n', 3, 6, 6]);
    const c = b.op('ConvInteger', [x, b.initializer('w', ints('int8', 4, 3, 3, 3))]);
    const flat = b.op('Flatten', [c]);
    const half = b.op('Cast', [flat], { to: 2 });
    b.output(b.op('MatMulInteger', [half, b.initializer('v', ints('uint8', 64, 5))]), 'y');
    expect(countMacs(b.build()).macs).toBe(4 * 16 * 27 + 64 * 5);
  });

  it('names nodes whose size is not known before the model runs', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['n', 1, 'h', 'w']);
    const y = b.op('Conv', [x, b.initializer('w', floats(2, 1, 3, 3))], {}, { name: 'conv1' });
    b.output(y, 'y');
    expect(countMacs(b.build())).toEqual({ macs: 0, nodes: [], unknown: ['conv1'] });
  });
});
