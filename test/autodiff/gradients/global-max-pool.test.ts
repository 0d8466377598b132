import { describeGradient, distinct } from '../../support/gradcheck.js';

describeGradient('GlobalMaxPool', {
  'an image': { inputs: [distinct(2, 3, 3, 4)] },
  'one spatial axis': { inputs: [distinct(2, 3, 5)] },
});
