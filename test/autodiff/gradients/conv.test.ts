import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('Conv', {
  'a plain kernel with bias': { inputs: [normal(2, 3, 6, 6), normal(4, 3, 3, 3), normal(4)] },
  'one channel': { inputs: [normal(2, 1, 6, 6), normal(3, 1, 3, 3), normal(3)] },
  'a large kernel': { inputs: [normal(2, 2, 8, 7), normal(3, 2, 5, 5)] },
  pads: { inputs: [normal(2, 2, 5, 5), normal(3, 2, 3, 3)], attributes: { pads: [1, 1, 1, 1] } },
  'uneven pads': { inputs: [normal(1, 2, 5, 4), normal(3, 2, 3, 3)], attributes: { pads: [0, 1, 2, 1] } },
  'strides that leave a tail unread': {
    inputs: [normal(2, 2, 8, 8), normal(3, 2, 3, 3)],
    attributes: { strides: [2, 2] },
  },
  'strides of two kinds with pads': {
    inputs: [normal(2, 2, 7, 8), normal(3, 2, 3, 3)],
    attributes: { strides: [2, 3], pads: [1, 0, 1, 2] },
  },
  dilations: {
    inputs: [normal(2, 2, 7, 8), normal(3, 2, 3, 3)],
    attributes: { dilations: [2, 1], pads: [1, 1, 1, 1] },
  },
  'dilations with strides': {
    inputs: [normal(1, 2, 9, 9), normal(2, 2, 3, 3)],
    attributes: { dilations: [2, 2], strides: [2, 2], pads: [2, 1, 0, 1] },
  },
  'a kernel of 1': { inputs: [normal(2, 3, 4, 4), normal(5, 3, 1, 1)] },
  'a kernel of 1 with strides': { inputs: [normal(2, 3, 5, 5), normal(4, 3, 1, 1)], attributes: { strides: [2, 2] } },
  SAME_UPPER: {
    inputs: [normal(1, 2, 6, 5), normal(2, 2, 3, 2)],
    attributes: { auto_pad: 'SAME_UPPER', strides: [2, 2] },
  },
  SAME_LOWER: {
    inputs: [normal(1, 2, 6, 5), normal(2, 2, 2, 3)],
    attributes: { auto_pad: 'SAME_LOWER', strides: [2, 1] },
  },
  VALID: { inputs: [normal(1, 2, 5, 5), normal(2, 2, 3, 3)], attributes: { auto_pad: 'VALID' } },
  groups: { inputs: [normal(2, 4, 5, 5), normal(6, 2, 3, 3), normal(6)], attributes: { group: 2, pads: [1, 1, 1, 1] } },
  depthwise: {
    inputs: [normal(2, 3, 5, 5), normal(3, 1, 3, 3), normal(3)],
    attributes: { group: 3, pads: [1, 1, 1, 1] },
  },
  'depthwise with two filters a channel and strides': {
    inputs: [normal(2, 3, 6, 6), normal(6, 1, 3, 3)],
    attributes: { group: 3, strides: [2, 2], pads: [1, 1, 0, 0] },
  },
  'many channels': { inputs: [normal(1, 32, 3, 3), normal(2, 32, 3, 3)], attributes: { pads: [1, 1, 1, 1] } },
  'one spatial axis': { inputs: [normal(2, 3, 9), normal(4, 3, 3), normal(4)], attributes: { pads: [1, 0] } },
  'one spatial axis with strides': {
    inputs: [normal(2, 3, 9), normal(4, 3, 4)],
    attributes: { strides: [2], pads: [1, 1] },
  },
  'three spatial axes': {
    inputs: [normal(1, 2, 4, 4, 4), normal(2, 2, 2, 2, 2)],
    attributes: { pads: [0, 1, 0, 0, 0, 1] },
  },
});
