import { describeGradient, ints, normal } from '../../support/gradcheck.js';

describeGradient('Tile', {
  'both axes': { inputs: [normal(2, 3), ints(2, 3)] },
  'the last axis': { inputs: [normal(2, 1, 2), ints(1, 1, 3)] },
});
