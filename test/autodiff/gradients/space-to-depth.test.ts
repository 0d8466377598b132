import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('SpaceToDepth', {
  'blocks of 2': { inputs: [normal(1, 2, 4, 6)], attributes: { blocksize: 2 } },
  'blocks of 3': { inputs: [normal(2, 1, 3, 6)], attributes: { blocksize: 3 } },
});
