import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('LogSoftmax', {
  'the last axis': { inputs: [normal(3, 4)] },
  'the channel axis of an image': { inputs: [normal(2, 3, 2, 2)], attributes: { axis: 1 } },
});
