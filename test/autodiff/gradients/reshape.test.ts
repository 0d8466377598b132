import { describeGradient, ints, normal } from '../../support/gradcheck.js';

describeGradient('Reshape', {
  'a flattened image': { inputs: [normal(2, 3, 2, 2), ints(2, -1)] },
  'a kept dimension': { inputs: [normal(2, 6), ints(0, 3, 2)] },
});
