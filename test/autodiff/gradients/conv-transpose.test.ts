import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('ConvTranspose', {
  'a plain kernel with bias': { inputs: [normal(2, 3, 3, 3), normal(3, 2, 3, 3), normal(2)] },
  strides: { inputs: [normal(1, 2, 3, 4), normal(2, 3, 2, 2)], attributes: { strides: [2, 2] } },
  'strides, pads and output padding': {
    inputs: [normal(1, 2, 3, 3), normal(2, 2, 3, 3)],
    attributes: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
  },
  'uneven pads and dilations': {
    inputs: [normal(1, 2, 4, 4), normal(2, 2, 3, 3)],
    attributes: { dilations: [2, 1], pads: [1, 0, 0, 2] },
  },
  groups: { inputs: [normal(1, 4, 3, 3), normal(4, 2, 3, 3)], attributes: { group: 2, strides: [2, 2] } },
  depthwise: { inputs: [normal(1, 3, 3, 3), normal(3, 1, 3, 3)], attributes: { group: 3, pads: [1, 1, 1, 1] } },
  SAME_UPPER: {
    inputs: [normal(1, 2, 3, 3), normal(2, 2, 3, 3)],
    attributes: { auto_pad: 'SAME_UPPER', strides: [2, 2] },
  },
  output_shape: {
    inputs: [normal(1, 2, 3, 3), normal(2, 2, 3, 3)],
    attributes: { output_shape: [6, 7], strides: [2, 2] },
  },
  'one spatial axis': { inputs: [normal(2, 2, 4), normal(2, 3, 3), normal(3)], attributes: { strides: [2] } },
});
