import { describeGradient, normal, positive } from '../../support/gradcheck.js';

describeGradient('InstanceNormalization', {
  'an image': { inputs: [normal(2, 3, 3, 3), positive(3), normal(3)] },
  'one spatial axis': { inputs: [normal(2, 2, 6), positive(2), normal(2)], attributes: { epsilon: 0.01 } },
});
