import { describeGradient, positive } from '../../support/gradcheck.js';

describeGradient('Log', {
  'a matrix': { inputs: [positive(3, 4)] },
  'an image': { inputs: [positive(2, 3, 2, 3)] },
});
