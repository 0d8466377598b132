import { describeGradient, distinct } from '../../support/gradcheck.js';

describeGradient('MaxPool', {
  '2 by 2': { inputs: [distinct(2, 3, 4, 6)], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
  'a tail that no window reads': {
    inputs: [distinct(1, 2, 5, 7)],
    attributes: { kernel_shape: [2, 3], strides: [2, 3] },
  },
  'overlapping windows': { inputs: [distinct(2, 2, 7, 7)], attributes: { kernel_shape: [3, 3], strides: [2, 2] } },
  pads: { inputs: [distinct(1, 2, 6, 6)], attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } },
  'uneven pads': {
    inputs: [distinct(1, 2, 5, 5)],
    attributes: { kernel_shape: [2, 3], strides: [1, 2], pads: [0, 1, 1, 0] },
  },
  'windows with gaps': { inputs: [distinct(1, 2, 8, 8)], attributes: { kernel_shape: [2, 2], strides: [3, 3] } },
  ceil_mode: { inputs: [distinct(1, 2, 6, 7)], attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } },
  'ceil_mode and pads': {
    inputs: [distinct(1, 2, 6, 7)],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 1, 0], ceil_mode: 1 },
  },
  'the default strides of 1': { inputs: [distinct(1, 2, 4, 4)], attributes: { kernel_shape: [2, 2] } },
  SAME_UPPER: {
    inputs: [distinct(1, 2, 5, 5)],
    attributes: { kernel_shape: [2, 2], strides: [2, 2], auto_pad: 'SAME_UPPER' },
  },
  'one spatial axis': { inputs: [distinct(2, 2, 8)], attributes: { kernel_shape: [2], strides: [2] } },
  'one spatial axis, overlapping': { inputs: [distinct(2, 2, 7)], attributes: { kernel_shape: [3], strides: [2] } },
  dilations: { inputs: [distinct(1, 2, 7, 7)], attributes: { kernel_shape: [2, 2], dilations: [2, 3] } },
  'three spatial axes': {
    inputs: [distinct(1, 2, 4, 4, 4)],
    attributes: { kernel_shape: [2, 2, 2], strides: [2, 2, 2] },
  },
  'a Relu before it': {
    inputs: [distinct(2, 2, 4, 4)],
    build: (b, [x]) => b.op('MaxPool', [b.op('Relu', [x!])], { kernel_shape: [2, 2], strides: [2, 2] }),
  },
  'a Relu that something else reads too': {
    inputs: [distinct(1, 2, 4, 4)],
    build(b, [x]) {
      const relu = b.op('Relu', [x!]);
      const pooled = b.op('MaxPool', [relu], { kernel_shape: [2, 2], strides: [2, 2] });
      return b.op('Add', [b.op('ReduceSum', [relu, b.ints([2, 3])], { keepdims: 1 }), pooled]);
    },
  },
});
