import { describeGradient, given } from '../../support/gradcheck.js';

describeGradient('Floor', {
  'numbers away from its steps': { inputs: [given([0.3, 1.7, -0.3, -2.2, 1.3, 5.8], 2, 3)] },
  'a vector': { inputs: [given([0.2, 0.8, -1.3], 3)] },
});
