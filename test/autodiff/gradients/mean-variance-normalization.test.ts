import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('MeanVarianceNormalization', {
  'an image': { inputs: [normal(2, 3, 3, 3)] },
  'each image by itself': { inputs: [normal(2, 2, 3, 2)], attributes: { axes: [1, 2, 3] } },
});
