import { awayFromZero, describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('LpNormalization', {
  'L2, the last axis': { inputs: [normal(3, 5)] },
  'L2, channels': { inputs: [normal(2, 3, 2, 2)], attributes: { axis: 1 } },
  L1: { inputs: [awayFromZero(3, 4)], attributes: { p: 1 } },
});
