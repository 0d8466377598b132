import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('LRN', {
  'five channels': { inputs: [normal(2, 6, 2, 2)], attributes: { size: 5, alpha: 0.5, beta: 0.75, bias: 2 } },
  'three channels': { inputs: [normal(1, 5, 2, 3)], attributes: { size: 3, alpha: 0.9, beta: 0.6 } },
});
