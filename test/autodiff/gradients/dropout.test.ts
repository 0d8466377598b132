import { describeGradient, floats, normal } from '../../support/gradcheck.js';

describeGradient('Dropout', {
  inference: { inputs: [normal(3, 4)] },
  'inference with a ratio': { inputs: [normal(2, 3), floats([0.3])] },
});
