import { describe, expect, it } from 'vitest';
import { modelSize } from '../../src/evaluate/model-size.js';
import type { Attribute, DataType, Graph, Model, Node, Tensor } from '../../src/onnx/ir.js';
import { floatTensor, fromArray, int32Tensor, int64Tensor } from '../../src/onnx/tensor.js';

function node(opType: string, inputs: string[], outputs: string[], attributes: Record<string, Attribute> = {}): Node {
  return { name: outputs[0]!, opType, domain: '', inputs, outputs, attributes: new Map(Object.entries(attributes)) };
}

function graphOf(nodes: Node[], initializers: Record<string, Tensor>): Graph {
  return {
    name: 'graph',
    nodes,
    inputs: [],
    outputs: [],
    initializers: new Map(Object.entries(initializers)),
    valueInfo: new Map(),
  };
}

function modelOf(nodes: Node[], initializers: Record<string, Tensor>): Model {
  return {
    irVersion: 8,
    opsets: new Map([['', 18]]),
    graph: graphOf(nodes, initializers),
    producerName: '',
    producerVersion: '',
    domain: '',
    modelVersion: 0,
    docString: '',
    metadata: new Map(),
  };
}

function int8(values: number[], dims: number[]): Tensor {
  return fromArray('int8', Int8Array.from(values), dims);
}

function uint8(values: number[], dims: number[], dataType: DataType = 'uint8'): Tensor {
  return fromArray(dataType, Uint8Array.from(values), dims);
}

const ones = (...dims: number[]) => floatTensor(new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1), dims);

describe('modelSize', () => {
  it('counts weights and biases, and of batch normalization scale and shift only', () => {
    const model = modelOf(
      [
        node('Conv', ['x', 'w', 'b'], ['c']),
        node('BatchNormalization', ['c', 'scale', 'shift', 'mean', 'variance'], ['n']),
      ],
      { w: ones(4, 3, 5, 5), b: ones(4), scale: ones(4), shift: ones(4), mean: ones(4), variance: ones(4) },
    );
    expect(modelSize(model)).toMatchObject({ parameters: 4 * 3 * 25 + 4 + 4 + 4, nonzeroParameters: 312, sparsity: 0 });
  });

  it('leaves shapes, limits, scalars and constants that nothing reads out', () => {
    const model = modelOf(
      [
        node('Reshape', ['x', 'shape'], ['r']),
        node('Clip', ['r', 'low', 'high'], ['c']),
        node('Mul', ['c', 'half'], ['m']),
      ],
      {
        shape: int64Tensor([1, -1]),
        low: floatTensor([0], []),
        high: floatTensor([6], []),
        half: floatTensor([0.5], []),
        unread: ones(100),
      },
    );
    expect(modelSize(model)).toEqual({ parameters: 0, nonzeroParameters: 0, sparsity: 0, tensors: [] });
  });

  it('counts a tensor that two nodes share once', () => {
    const model = modelOf([node('MatMul', ['x', 'w'], ['a']), node('MatMul', ['a', 'w'], ['b'])], { w: ones(3, 3) });
    expect(modelSize(model).parameters).toBe(9);
  });

  it('counts zeros of either sign as pruned', () => {
    const model = modelOf([node('MatMul', ['x', 'w'], ['y'])], { w: floatTensor([0, -0, 1, -1e-45, 2, 0], [3, 2]) });
    expect(modelSize(model)).toMatchObject({ parameters: 6, nonzeroParameters: 3, sparsity: 0.5 });
  });

  it('counts float16 zeros', () => {
    const model = modelOf([node('MatMul', ['x', 'w'], ['y'])], {
      w: fromArray('float16', Uint16Array.from([0x0000, 0x8000, 0x3c00, 0x0001]), [2, 2]),
    });
    expect(modelSize(model).nonzeroParameters).toBe(2);
  });

  it('counts quantized weights and int32 biases as the float ones they stand for', () => {
    const model = modelOf(
      [
        node('DequantizeLinear', ['w', 'w_scale', 'w_zero'], ['wd'], { axis: { type: 'int', value: 0 } }),
        node('DequantizeLinear', ['b', 'b_scale'], ['bd']),
        node('QuantizeLinear', ['x', 'x_scale', 'x_zero'], ['xq']),
        node('Conv', ['xq', 'wd', 'bd'], ['y']),
      ],
      {
        w: int8([0, 3, 0, -2, 1, 0], [2, 3]),
        w_scale: ones(2),
        w_zero: int8([0, 0], [2]),
        b: int32Tensor([0, 70], [2]),
        b_scale: ones(2),
        x_scale: floatTensor([0.1], []),
        x_zero: uint8([128], []),
      },
    );
    expect(modelSize(model).tensors).toEqual([
      { name: 'w', node: 'y', parameters: 6, nonzeroParameters: 3 },
      { name: 'b', node: 'y', parameters: 2, nonzeroParameters: 1 },
    ]);
  });

  it("takes the zero point of each channel as that channel's zero", () => {
    const weights = { w: uint8([7, 1, 7, 9, 9, 7], [2, 3]), scale: ones(3), zero: uint8([7, 9, 7], [3]) };
    const model = modelOf(
      [node('DequantizeLinear', ['w', 'scale', 'zero'], ['wd'], { axis: { type: 'int', value: 1 } })],
      weights,
    );
    // Columns: (7, 9) with zero 7, (1, 9) with zero 9, (7, 7) with zero 7.
    expect(modelSize(model)).toMatchObject({ parameters: 6, nonzeroParameters: 2 });
  });

  it('counts weights of dynamically quantized layers without their scales', () => {
    const model = modelOf(
      [
        node('DynamicQuantizeLinear', ['x'], ['xq', 'x_scale', 'x_zero']),
        node('MatMulInteger', ['xq', 'w', 'x_zero', 'w_zero'], ['acc']),
        node('Cast', ['acc'], ['accf']),
        node('Mul', ['x_scale', 'w_scale'], ['scale']),
        node('Mul', ['accf', 'scale'], ['y']),
      ],
      { w: int8([0, 5, 0, 1], [2, 2]), w_zero: int8([0, 1], [2]), w_scale: ones(2) },
    );
    // Column 0 holds (0, 0) with zero point 0, column 1 (5, 1) with zero point 1.
    expect(modelSize(model)).toMatchObject({ parameters: 4, nonzeroParameters: 1 });
  });

  it('counts two packed int4 values per byte', () => {
    const model = modelOf([node('DequantizeLinear', ['w', 's', 'z'], ['wd'])], {
      w: { dataType: 'int4', dims: [3], bytes: Uint8Array.from([0xf0, 0x03]) },
      s: floatTensor([1], []),
      z: { dataType: 'int4', dims: [], bytes: Uint8Array.from([0x0f]) },
    });
    // Low half first: 0, -1, 3; the zero point is -1.
    expect(modelSize(model)).toMatchObject({ parameters: 3, nonzeroParameters: 2 });
  });

  it('counts weights of a branch, and outer weights that only a branch reads', () => {
    const branch = graphOf([node('MatMul', ['x', 'outer'], ['a']), node('MatMul', ['a', 'inner'], ['b'])], {
      inner: ones(2, 2),
    });
    const model = modelOf([node('If', ['condition'], ['y'], { then_branch: { type: 'graph', value: branch } })], {
      outer: ones(3, 2),
    });
    expect(modelSize(model).tensors.map((tensor) => [tensor.name, tensor.parameters])).toEqual([
      ['outer', 6],
      ['inner', 4],
    ]);
  });
});
