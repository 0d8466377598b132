import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { trainableParameters } from '../../src/train/parameters.js';

describe('trainableParameters', () => {
  it('finds weights, biases and norms, and leaves constants of formulas and running statistics alone', () => {
    const b = new GraphBuilder();
    const w = (name: string, ...dims: number[]) =>
      b.initializer(name, floatTensor(new Float32Array(dims.reduce((size, dim) => size * dim, 1)), dims));
    const x = b.input('x', 'float32', ['batch', 2, 4, 4]);
    const conv = b.op('Conv', [x, w('conv.weight', 3, 2, 3, 3), w('conv.bias', 3)]);
    const norm = b.op('BatchNormalization', [conv, w('scale', 3), w('shift', 3), w('mean', 3), w('variance', 3)]);
    const half = b.op('Mul', [norm, b.initializer('half', floatTensor([0.5], []))]);
    const flat = b.op('Flatten', [half]);
    // As PyTorch exports a linear layer that is applied as x·Wᵀ.
    const transposed = b.op('Transpose', [w('linear.weight', 5, 12)], { perm: [1, 0] });
    const linear = b.op('Add', [b.op('MatMul', [flat, transposed]), w('linear.bias', 5)]);
    b.output(linear, 'y');
    expect(trainableParameters(b.build()).map(({ name, role }) => `${name}: ${role}`)).toEqual([
      'conv.weight: weight',
      'conv.bias: bias',
      'scale: norm',
      'shift: norm',
      'linear.weight: weight',
      'linear.bias: bias',
    ]);
  });

  it('calls a tied embedding a weight', () => {
    const b = new GraphBuilder();
    const tokens = b.input('tokens', 'int64', ['batch']);
    const table = b.initializer('table', floatTensor(new Float32Array(12), [4, 3]));
    const rows = b.op('Gather', [table, tokens]);
    b.output(b.op('MatMul', [rows, b.op('Transpose', [table])]), 'y');
    expect(trainableParameters(b.build())).toEqual([{ name: 'table', dims: [4, 3], role: 'weight' }]);
  });
});
