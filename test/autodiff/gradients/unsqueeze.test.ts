import { describeGradient, ints, normal } from '../../support/gradcheck.js';

describeGradient('Unsqueeze', {
  'one axis': { inputs: [normal(2, 3), ints(1)] },
  'two axes': { inputs: [normal(4), ints(0, -1)] },
});
