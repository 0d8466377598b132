import { expect, test } from 'vitest';
import { floatsOf, floatTensor } from '../../src/onnx/index.js';
import { sliceInto } from '../../src/transfer/slice-into.js';

function tensor(dims: number[], first: number) {
  return floatTensor(
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => first + i),
    dims,
  );
}

test('the block that both have comes from the source, the rest stays', () => {
  // source 2 × 3: 1 2 3 / 4 5 6; target 3 × 2: 101 … 106.
  const { tensor: result, block } = sliceInto(tensor([2, 3], 1), tensor([3, 2], 101))!;
  expect(block).toEqual([2, 2]);
  expect([...floatsOf(result)]).toEqual([1, 2, 4, 5, 105, 106]);
});

test('every axis is cut, also in four dimensions', () => {
  const source = tensor([2, 2, 2, 2], 1);
  const target = tensor([1, 3, 2, 1], 101);
  const result = floatsOf(sliceInto(source, target)!.tensor);
  // Elements [0, c, h, 0] for c < 2: 1, 3, 5, 7.
  expect([...result]).toEqual([1, 3, 5, 7, 105, 106]);
});

test('vectors are sliced too', () => {
  expect([...floatsOf(sliceInto(tensor([2], 1), tensor([3], 101))!.tensor)]).toEqual([1, 2, 103]);
});

test('the tensors given stay as they were', () => {
  const target = tensor([3], 101);
  sliceInto(tensor([2], 1), target);
  expect([...floatsOf(target)]).toEqual([101, 102, 103]);
});

test('tensors of another rank have no common block', () => {
  expect(sliceInto(tensor([2], 1), tensor([2, 1], 1))).toBeNull();
});
