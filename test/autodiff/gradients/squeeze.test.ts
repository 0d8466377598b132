import { describeGradient, ints, normal } from '../../support/gradcheck.js';

describeGradient('Squeeze', {
  'one axis': { inputs: [normal(2, 1, 3), ints(1)] },
  'all axes of size 1': { inputs: [normal(1, 4, 1)] },
});
