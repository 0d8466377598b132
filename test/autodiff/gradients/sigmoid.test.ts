import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('Sigmoid', {
  'a matrix': { inputs: [normal(3, 4)] },
  'an image': { inputs: [normal(2, 3, 2, 3)] },
});
