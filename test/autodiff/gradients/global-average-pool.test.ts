import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('GlobalAveragePool', {
  'an image': { inputs: [normal(2, 3, 3, 4)] },
  'one spatial axis': { inputs: [normal(2, 3, 5)] },
});
