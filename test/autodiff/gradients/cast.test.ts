import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('Cast', {
  'float32 to float32': { inputs: [normal(2, 3)], attributes: { to: 1 } },
  'a vector': { inputs: [normal(5)], attributes: { to: 1 } },
});
