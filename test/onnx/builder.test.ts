import { describe, expect, test } from 'vitest';
import { GraphBuilder, toAttribute } from '../../src/onnx/builder.js';
import { checkModel } from '../../src/onnx/check.js';
import { floatTensor } from '../../src/onnx/tensor.js';

describe('GraphBuilder', () => {
  test('names are made unique, wanted ones are kept', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    const names = [b.op('Relu', [x]), b.op('Relu', [x]), b.op('Relu', [x], {}, { name: 'x', outputs: ['y'] })];
    expect(names.map(({ name }) => name)).toEqual(['relu.out', 'relu.1.out', 'y']);
    expect(b.graph.nodes.map(({ name }) => name)).toEqual(['relu', 'relu.1', 'x.1']);
  });

  test('equal scalars and lists are stored once, weights never', () => {
    const b = new GraphBuilder();
    expect(b.scalar(2)).toBe(b.scalar(2));
    expect(b.ints([1, 2])).toBe(b.ints([1, 2]));
    expect(b.ints([1, 2])).not.toBe(b.ints([2, 1]));
    expect(b.constant(floatTensor([2], []))).not.toBe(b.constant(floatTensor([2], [])));
  });

  test('omitted inputs keep their place, at the end they are left out', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [2]);
    b.op('Clip', [x, null, b.scalar(1)]);
    b.op('Clip', [x, b.scalar(1), null]);
    expect(b.graph.nodes.map(({ inputs }) => inputs)).toEqual([
      ['x', '', 'const'],
      ['x', 'const'],
    ]);
  });

  test('an output under another name is an Identity, and the model is sound', () => {
    const b = new GraphBuilder();
    b.output(b.op('Relu', [b.input('x', 'float32', ['N', 2])]), 'scores');
    const model = b.build();
    checkModel(model);
    expect(model.graph.outputs).toEqual([{ name: 'scores', dataType: 'float32', shape: ['N', 2] }]);
  });

  test('operators of other domains declare the domain', () => {
    const b = new GraphBuilder();
    b.op('FusedMatMul', [b.input('x', 'float32', [2, 2]), b.value('x')], {}, { domain: 'com.microsoft' });
    expect(b.build().opsets).toEqual(
      new Map([
        ['', 18],
        ['com.microsoft', 1],
      ]),
    );
  });

  test('a model of a later opset says the IR version that it needs', () => {
    expect(new GraphBuilder({ opset: 21 }).build().irVersion).toBe(10);
    expect(new GraphBuilder().build().irVersion).toBe(8);
  });
});

test.each([
  ['axis', 1, { type: 'int', value: 1 }],
  ['alpha', 1, { type: 'float', value: 1 }],
  ['other', 0.5, { type: 'float', value: 0.5 }],
  ['axes', [], { type: 'ints', value: [] }],
  ['scales', [1, 2], { type: 'floats', value: [1, 2] }],
  ['mode', 'linear', { type: 'string', value: 'linear' }],
  ['activations', ['Tanh'], { type: 'strings', value: ['Tanh'] }],
])('the attribute %s = %j', (name, input, expected) => {
  expect(toAttribute(input, name)).toEqual(expected);
});
