import { describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import type { Model } from '../../src/onnx/ir.js';
import { overridesOf, selectNodes, selectTensors, selectWeights } from '../../src/onnx/select.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { weightLayers } from '../../src/onnx/weights.js';

function zeros(...dims: number[]) {
  return floatTensor(new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);
}

/** conv1 → relu → fc1 (Gemm, transB) → fc2 (MatMul + Add), named as PyTorch names nodes in the last. */
function network(): Model {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [1, 1, 4, 4]);
  const conv = b.op(
    'Conv',
    [x, b.initializer('conv1.weight', zeros(2, 1, 3, 3)), b.initializer('conv1.bias', zeros(2))],
    {},
    { name: 'conv1' },
  );
  const flat = b.op('Flatten', [b.op('Relu', [conv], {}, { name: 'relu' })], {}, { name: 'flat' });
  const fc1 = b.op(
    'Gemm',
    [flat, b.initializer('fc1.weight', zeros(5, 8)), b.initializer('fc1.bias', zeros(5))],
    { transB: 1 },
    { name: 'fc1' },
  );
  const product = b.op('MatMul', [fc1, b.initializer('w7', zeros(5, 3))], {}, { name: '/head/fc2/MatMul' });
  b.output(b.op('Add', [b.initializer('b7', zeros(3)), product], {}, { name: '/head/fc2/Add' }), 'y');
  return b.build();
}

describe('weightLayers', () => {
  test('finds each weight with its axes and bias', () => {
    const rows = weightLayers(network()).map((layer) => [
      layer.initializer,
      layer.opType,
      layer.outputAxis,
      layer.reductionAxis,
      layer.bias,
    ]);
    expect(rows).toEqual([
      ['conv1.weight', 'Conv', 0, 1, 'conv1.bias'],
      ['fc1.weight', 'Gemm', 0, 1, 'fc1.bias'],
      ['w7', 'MatMul', 1, 0, 'b7'],
    ]);
  });

  test('a transposed convolution has its output channels second', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [1, 3, 4, 4]);
    b.output(b.op('ConvTranspose', [x, b.initializer('w', zeros(3, 2, 2, 2))]), 'y');
    expect(weightLayers(b.build())[0]).toMatchObject({ outputAxis: 1, reductionAxis: 0, bias: null });
  });

  test('a weight on the left of MatMul has its output channels first', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [4, 2]);
    b.output(b.op('MatMul', [b.initializer('w', zeros(3, 4)), x]), 'y');
    expect(weightLayers(b.build())[0]).toMatchObject({ outputAxis: 0, reductionAxis: 1 });
  });

  test('a shared weight is one layer with two nodes, also through Identity', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [4, 4]);
    const w = b.initializer('w', zeros(4, 4));
    b.output(b.op('MatMul', [b.op('MatMul', [x, w]), b.op('Identity', [w])]), 'y');
    const layers = weightLayers(b.build());
    expect(layers).toHaveLength(1);
    expect(layers[0]!.nodes).toHaveLength(2);
  });

  test('a product of two activations has no weight', () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', [4, 4]);
    b.output(b.op('MatMul', [x, x]), 'y');
    expect(weightLayers(b.build())).toEqual([]);
  });
});

describe('selection', () => {
  const cases: readonly (readonly [string, Parameters<typeof selectTensors>[1], string[]])[] = [
    ['everything by default', {}, ['conv1.weight', 'conv1.bias', 'fc1.weight', 'fc1.bias', 'w7', 'b7']],
    ['a node name', { include: ['fc1'] }, ['fc1.weight', 'fc1.bias']],
    ['an initializer name', { include: ['fc1.weight'] }, ['fc1.weight']],
    ['a glob', { include: ['*.bias'] }, ['conv1.bias', 'fc1.bias']],
    ['a part of a path', { include: ['head/fc2'] }, ['w7', 'b7']],
    ['exclusion', { exclude: ['conv1', 'w7'] }, ['fc1.weight', 'fc1.bias', 'b7']],
    ['operators', { opTypes: ['Gemm'] }, ['fc1.weight', 'fc1.bias']],
    ['a regular expression', { regex: ['^fc\\d\\.w'] }, ['fc1.weight']],
    ['inclusion and exclusion', { include: ['fc1', 'conv1'], exclude: ['*.bias'] }, ['conv1.weight', 'fc1.weight']],
  ];
  test.each(cases)('by %s', (_, select, expected) => {
    expect(selectTensors(network(), select)).toEqual(expected);
  });

  test('a prefix ends at a dot: fc1 does not mean fc10', () => {
    const model = network();
    model.graph.initializers.set('fc10.weight', zeros(3, 3));
    model.graph.nodes[3]!.inputs[1] = 'fc10.weight';
    model.graph.nodes[3]!.name = 'fc10';
    expect(selectTensors(model, { include: ['fc1'] })).toEqual(['fc1.bias']);
  });

  test('weights leave biases out', () => {
    expect(selectWeights(network(), { exclude: ['conv1'] }).map(({ initializer }) => initializer)).toEqual([
      'fc1.weight',
      'w7',
    ]);
  });

  test('nodes are selected by their own names or those of their weights', () => {
    const names = selectNodes(network(), { include: ['relu', 'fc1.weight'] }).map(({ name }) => name);
    expect(names).toEqual(['relu', 'fc1']);
  });

  test('of several overrides the first that matches counts', () => {
    const overrides = [
      { select: { include: ['conv1'] }, with: 1 },
      { select: { include: ['*.weight'] }, with: 2 },
    ];
    expect(overridesOf(network(), overrides)).toEqual(
      new Map([
        ['conv1.weight', 1],
        ['conv1.bias', 1],
        ['fc1.weight', 2],
      ]),
    );
  });

  test.each(['include', 'exclude', 'opTypes', 'regex'] as const)(
    'a pattern under %s that matches nothing is refused',
    (option) => {
      expect(() => selectTensors(network(), { [option]: ['nothing'] })).toThrow(
        `"nothing" under ${option} matches nothing in the model.`,
      );
    },
  );

  test('a typo is answered with the nearest name and what there is', () => {
    expect(() => selectTensors(network(), { include: ['fc3'] })).toThrowErrorMatchingInlineSnapshot(
      `[UserError: "fc3" under include matches nothing in the model. Did you mean "fc1"? There are conv1.weight, conv1, conv1.bias, fc1.weight, fc1, fc1.bias, w7, /head/fc2/MatMul, b7, /head/fc2/Add.]`,
    );
    expect(() => selectTensors(network(), { opTypes: ['Gem'] })).toThrow('Did you mean "Gemm"? There are Conv, Gemm');
  });

  test('a broken regular expression is refused', () => {
    expect(() => selectTensors(network(), { regex: ['('] })).toThrow('is no regular expression');
  });

  test.each([
    ['regex', '(a+)+$'],
    ['include', `${'*a'.repeat(30)}*b`],
  ] as const)('an expression that takes forever is given up: %s', { timeout: 15_000 }, (option, pattern) => {
    const b = new GraphBuilder();
    const weight = b.initializer(`${'a'.repeat(5000)}!`, floatTensor([1, 2], [2]));
    b.output(b.op('Add', [b.input('x', 'float32', [2]), weight]), 'y');
    expect(() => selectTensors(b.build(), { [option]: [pattern] })).toThrow(/takes more than two seconds to compare/);
  });
});
