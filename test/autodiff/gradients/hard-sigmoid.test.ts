import { describeGradient, given } from '../../support/gradcheck.js';

describeGradient('HardSigmoid', {
  'both cut-off ends': { inputs: [given([-4, -2, -1, 0, 1, 2, 3, 5], 2, 4)] },
  'another slope': { inputs: [given([-3, -1, 0.1, 0.6, 2], 5)], attributes: { alpha: 0.5, beta: 0.3 } },
});
