import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('Sub', {
  'equal shapes': { inputs: [normal(2, 3), normal(2, 3)] },
  'a broadcast channel vector': { inputs: [normal(2, 3, 2, 2), normal(3, 1, 1)] },
  'both sides broadcast': { inputs: [normal(4, 1), normal(1, 3)] },
  'a scalar': { inputs: [normal(2, 3), normal()] },
});
