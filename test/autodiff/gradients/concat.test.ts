import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('Concat', {
  channels: { inputs: [normal(2, 1, 2, 2), normal(2, 3, 2, 2)], attributes: { axis: 1 } },
  'three inputs along the last axis, counted from the end': {
    inputs: [normal(2, 1), normal(2, 2), normal(2, 3)],
    attributes: { axis: -1 },
  },
});
