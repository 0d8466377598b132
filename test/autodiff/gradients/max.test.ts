import { describeGradient, distinct, given } from '../../support/gradcheck.js';

describeGradient('Max', {
  'two inputs': { inputs: [given([1, -2, 3, 0.5], 2, 2), given([0, 2, -1, 4], 2, 2)] },
  'three inputs, one broadcast': { inputs: [distinct(2, 3), given([0.93, -0.81, 0.37], 3), given([0.03], 1)] },
});
