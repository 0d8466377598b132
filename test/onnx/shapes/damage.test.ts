import { expect, test } from 'vitest';
import { GraphBuilder } from '../../../src/onnx/builder.js';
import { floatTensor } from '../../../src/onnx/tensor.js';

/** A convolution of [1, 1, 8, 8] with a kernel of 3 × 3. */
function convolution(attributes: Readonly<Record<string, readonly number[]>>) {
  const b = new GraphBuilder();
  const w = b.initializer('w', floatTensor(new Array(9).fill(1), [1, 1, 3, 3]));
  return b.op('Conv', [b.input('x', 'float32', [1, 1, 8, 8]), w], attributes, { name: 'conv' }).shape;
}

test.each([
  [{ strides: [1] }, 'has 1 strides for 2 dimensions'],
  [{ strides: [0, 1] }, 'has the strides [0, 1]'],
  [{ dilations: [1, -2] }, 'has the dilations [1, -2]'],
  [{ kernel_shape: [0, 3] }, 'has the kernel_shape [0, 3]'],
  [{ pads: [1, 1, 1] }, 'has 3 pads for 2 dimensions'],
  [{ kernel_shape: [3, 3, 3] }, 'has the input [1, 1, 8, 8], but a kernel of 3 dimensions'],
])('windows that cannot be are refused by name: %j', (attributes, problem) => {
  expect(() => convolution(attributes)).toThrow(`The node "conv" (Conv) ${problem}.`);
});

test('a bias that is none is refused', () => {
  const b = new GraphBuilder();
  const w = b.initializer('w', floatTensor(new Array(9).fill(1), [1, 1, 3, 3]));
  const x = b.input('x', 'float32', [1, 1, 8, 8]);
  expect(() => b.op('Conv', [x, w, w], {}, { name: 'conv' })).toThrow(
    'The node "conv" (Conv) has the bias [1, 1, 3, 3], not one number per channel.',
  );
});

test('a sound one is not', () => {
  expect(convolution({ strides: [2, 1], dilations: [1, 1], pads: [1, 0, 1, 0], kernel_shape: [3, 3] })).toEqual([
    1, 1, 4, 6,
  ]);
});

test('a size beyond all memory is unknown', () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [2 ** 40, 2 ** 40]);
  expect(b.op('Flatten', [x], { axis: 0 }).shape).toEqual([1, null]);
});
