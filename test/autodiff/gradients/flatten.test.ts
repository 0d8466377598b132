import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('Flatten', {
  'the default axis': { inputs: [normal(2, 3, 2, 2)] },
  'axis 2': { inputs: [normal(2, 3, 2, 2)], attributes: { axis: 2 } },
});
