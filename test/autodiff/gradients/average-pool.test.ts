import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('AveragePool', {
  '2 by 2': { inputs: [normal(2, 3, 4, 6)], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
  'a tail that no window reads': {
    inputs: [normal(1, 2, 5, 7)],
    attributes: { kernel_shape: [2, 3], strides: [2, 3] },
  },
  'overlapping windows': { inputs: [normal(2, 2, 7, 7)], attributes: { kernel_shape: [3, 3], strides: [2, 2] } },
  pads: { inputs: [normal(1, 2, 6, 6)], attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } },
  'uneven pads': {
    inputs: [normal(1, 2, 5, 5)],
    attributes: { kernel_shape: [2, 3], strides: [1, 2], pads: [0, 1, 1, 0] },
  },
  'windows with gaps': { inputs: [normal(1, 2, 8, 8)], attributes: { kernel_shape: [2, 2], strides: [3, 3] } },
  ceil_mode: { inputs: [normal(1, 2, 6, 7)], attributes: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 } },
  'ceil_mode and pads': {
    inputs: [normal(1, 2, 6, 7)],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 1, 0], ceil_mode: 1 },
  },
  'the default strides of 1': { inputs: [normal(1, 2, 4, 4)], attributes: { kernel_shape: [2, 2] } },
  SAME_UPPER: {
    inputs: [normal(1, 2, 5, 5)],
    attributes: { kernel_shape: [2, 2], strides: [2, 2], auto_pad: 'SAME_UPPER' },
  },
  'one spatial axis': { inputs: [normal(2, 2, 8)], attributes: { kernel_shape: [2], strides: [2] } },
  'one spatial axis, overlapping': { inputs: [normal(2, 2, 7)], attributes: { kernel_shape: [3], strides: [2] } },
  'counted pads': {
    inputs: [normal(1, 2, 6, 6)],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 },
  },
  'counted pads and ceil_mode': {
    inputs: [normal(1, 2, 6, 7)],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 0, 0], ceil_mode: 1, count_include_pad: 1 },
  },
  'three spatial axes': {
    inputs: [normal(1, 2, 4, 4, 4)],
    attributes: { kernel_shape: [2, 2, 2], strides: [2, 2, 2] },
  },
});
