import { awayFromZero, describeGradient, given } from '../../support/gradcheck.js';

describeGradient('ThresholdedRelu', {
  'a threshold of 0.1': { inputs: [awayFromZero(3, 4)], attributes: { alpha: 0.1 } },
  'the default threshold': { inputs: [given([-2, 0.5, 1.5, 3], 2, 2)] },
});
