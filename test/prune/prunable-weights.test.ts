import { expect, test } from 'vitest';
import { fromArray, GraphBuilder, type Model } from '../../src/onnx/index.js';
import { prunableWeights } from '../../src/prune/prunable-weights.js';

function network(type: 'float32' | 'float16' = 'float32'): Model {
  const b = new GraphBuilder();
  const constant = (name: string, dims: number[]) => {
    const size = dims.reduce((product, dim) => product * dim, 1);
    return b.initializer(
      name,
      fromArray(type, type === 'float32' ? new Float32Array(size) : new Uint16Array(size), dims),
    );
  };
  const x = b.input('x', type, ['batch', 2]);
  const hidden = b.op('Gemm', [x, constant('fc1.weight', [2, 3]), constant('fc1.bias', [3])], {}, { name: 'fc1' });
  b.output(b.op('MatMul', [hidden, constant('fc2.weight', [3, 2])], {}, { name: 'fc2' }));
  return b.build();
}

test('biases are left out unless named in full', () => {
  expect(prunableWeights(network())).toEqual(['fc1.weight', 'fc2.weight']);
  expect(prunableWeights(network(), { include: ['fc1'] })).toEqual(['fc1.weight']);
  expect(prunableWeights(network(), { include: ['fc1', 'fc1.bias'] })).toEqual(['fc1.weight', 'fc1.bias']);
  expect(prunableWeights(network(), { include: ['fc1.bias'] })).toEqual(['fc1.bias']);
});

test('excluded layers are left out', () => {
  expect(prunableWeights(network(), { exclude: ['fc1'] })).toEqual(['fc2.weight']);
});

test('a selection that leaves no weight is refused with the names of the weights', () => {
  expect(() => prunableWeights(network(), { exclude: ['fc*'] })).toThrowErrorMatchingInlineSnapshot(
    `[UserError: select leaves none of the weights fc1.weight, fc2.weight. Select layers or weights by these names.]`,
  );
});

test('a model without layers is refused', () => {
  const b = new GraphBuilder();
  b.output(b.op('Relu', [b.input('x', 'float32', [1])]));
  expect(() => prunableWeights(b.build())).toThrowErrorMatchingInlineSnapshot(
    `[UserError: The model has no weights of Conv, ConvTranspose, Gemm or MatMul. There is nothing to prune.]`,
  );
});

test('weights of another type than float32 are refused', () => {
  expect(() => prunableWeights(network('float16'))).toThrow('The weight "fc1.weight" is float16.');
});
