import { describeGradient, normal, positive } from '../../support/gradcheck.js';

describeGradient('Div', {
  'equal shapes': { inputs: [normal(2, 3), positive(2, 3)] },
  'a broadcast channel vector': { inputs: [normal(2, 3, 2, 2), positive(3, 1, 1)] },
  'both sides broadcast': { inputs: [normal(4, 1), positive(1, 3)] },
  'a scalar': { inputs: [normal(2, 3), positive()] },
});
