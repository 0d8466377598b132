import { describeGradient, floats, ints, normal, positive } from '../../support/gradcheck.js';

describeGradient('Pow', {
  'a constant square': { inputs: [normal(2, 3), floats([2])] },
  'a constant cube': { inputs: [normal(2, 3), floats([3])] },
  'a trained exponent, broadcast': { inputs: [positive(2, 3), positive(3)] },
  'an integer exponent': { inputs: [normal(2, 3), ints(3)] },
});
