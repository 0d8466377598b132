import { describeGradient, ints, normal } from '../../support/gradcheck.js';

describeGradient('Expand', {
  'a new axis': { inputs: [normal(3), ints(2, 3)] },
  'a stretched axis': { inputs: [normal(2, 1, 3), ints(2, 4, 3)] },
});
