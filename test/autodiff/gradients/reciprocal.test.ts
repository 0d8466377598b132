import { describeGradient, given, positive } from '../../support/gradcheck.js';

describeGradient('Reciprocal', {
  'a matrix': { inputs: [positive(3, 4)] },
  'an image': { inputs: [positive(2, 3, 2, 3)] },
  'negative numbers': { inputs: [given([-1.5, -0.7, -2], 3)] },
});
