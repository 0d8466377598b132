import { expect, test } from 'vitest';
import { floatsOf, floatTensor, GraphBuilder, type Model } from '../../src/onnx/index.js';
import { copyWeights } from '../../src/transfer/copy-weights.js';

/** x [N, 2] → fc1 → fc2 with the sizes given; all weights of a layer are `value`, those of the next one `value` + 1 … */
function network(value: number, sizes: [number, number], names: [string, string] = ['fc1', 'fc2']): Model {
  const b = new GraphBuilder();
  let x = b.input('x', 'float32', ['batch', 2]);
  sizes.forEach((size, i) => {
    const [rows, name] = [i === 0 ? 2 : sizes[0], names[i]!];
    const weight = new Float32Array(rows * size).fill(value + 2 * i);
    const bias = new Float32Array(size).fill(value + 2 * i + 1);
    const constants = [
      b.initializer(`${name}.weight`, floatTensor(weight, [rows, size])),
      b.initializer(`${name}.bias`, floatTensor(bias, [size])),
    ];
    x = b.op('Gemm', [x, ...constants], {}, { name });
  });
  b.output(b.op('Reshape', [x, b.ints([0, -1])]));
  return b.build();
}

function valuesOf(model: Model): Record<string, number[]> {
  const floats = [...model.graph.initializers].filter(([, tensor]) => tensor.dataType === 'float32');
  return Object.fromEntries(floats.map(([name, tensor]) => [name, [...floatsOf(tensor)]]));
}

test('tensors of equal names are copied, and every tensor has an entry', () => {
  const { model, entries } = copyWeights(network(1, [1, 1]), network(10, [1, 1], ['fc1', 'head']), { shapes: 'error' });
  expect(valuesOf(model)).toEqual({ 'fc1.weight': [1, 1], 'fc1.bias': [2], 'head.weight': [12], 'head.bias': [13] });
  expect(entries).toEqual([
    { source: 'fc1.weight', target: 'fc1.weight', status: 'copied', note: null },
    { source: 'fc1.bias', target: 'fc1.bias', status: 'copied', note: null },
    { source: 'fc2.weight', target: null, status: 'unmatched', note: null },
    { source: 'fc2.bias', target: null, status: 'unmatched', note: null },
    { source: null, target: 'head.weight', status: 'unmatched', note: null },
    { source: null, target: 'head.bias', status: 'unmatched', note: null },
  ]);
});

test('a map leads to other names', () => {
  const map = [{ from: 'fc2\\.(.*)', to: 'head.$1' }];
  const { model } = copyWeights(network(1, [1, 1]), network(10, [1, 1], ['fc1', 'head']), { map, shapes: 'error' });
  expect(valuesOf(model)).toEqual({ 'fc1.weight': [10, 10], 'fc1.bias': [11], 'head.weight': [3], 'head.bias': [4] });
});

test('other shapes are refused, all of them at once', () => {
  expect(() =>
    copyWeights(network(1, [2, 1]), network(10, [2, 3]), { shapes: 'error' }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[UserError: 2 tensors have another shape in the target: fc2.weight → fc2.weight: [2, 1] does not go into [2, 3]; fc2.bias → fc2.bias: [1] does not go into [3]. Set shapes: skip to leave these as they are, shapes: slice to copy what fits, or map other names.]`,
  );
});

test('policy skip leaves other shapes as they are', () => {
  const { model, entries } = copyWeights(network(1, [1, 1]), network(10, [1, 2]), { shapes: 'skip' });
  expect(valuesOf(model)['fc2.weight']).toEqual([12, 12]);
  expect(entries[2]).toEqual({
    source: 'fc2.weight',
    target: 'fc2.weight',
    status: 'skipped',
    note: '[1, 1] does not go into [1, 2]',
  });
});

test('policy slice copies what fits', () => {
  const { model, entries } = copyWeights(network(1, [1, 1]), network(10, [1, 2]), { shapes: 'slice' });
  expect(valuesOf(model)['fc2.weight']).toEqual([3, 12]);
  expect(entries[2]).toMatchObject({ status: 'copied', note: '[1, 1] of [1, 1] into [1, 2]' });
});

test('a map to a name that the target lacks is reported', () => {
  const map = [{ from: '(fc.*)', to: '$1' }];
  const { entries } = copyWeights(network(1, [1, 1]), network(10, [1, 1], ['fc1', 'head']), { map, shapes: 'error' });
  expect(entries[2]).toEqual({
    source: 'fc2.weight',
    target: null,
    status: 'unmatched',
    note: 'the target has no "fc2.weight"',
  });
});

test('a copy that would copy nothing is refused with both lists of names', () => {
  expect(() =>
    copyWeights(network(1, [1, 1]), network(10, [1, 1], ['a', 'b']), { shapes: 'error' }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[UserError: No tensor would be copied. The source has fc1.weight, fc1.bias, fc2.weight, fc2.bias; the target has a.weight, a.bias, b.weight, b.bias. Give map rules that turn the names of the source into those of the target.]`,
  );
});

test('the models given stay as they were', () => {
  const target = network(10, [1, 1]);
  copyWeights(network(1, [1, 1]), target, { shapes: 'error' });
  expect(valuesOf(target)['fc1.weight']).toEqual([10, 10]);
});
