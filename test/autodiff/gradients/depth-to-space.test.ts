import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('DepthToSpace', {
  DCR: { inputs: [normal(1, 8, 2, 3)], attributes: { blocksize: 2 } },
  CRD: { inputs: [normal(1, 8, 2, 3)], attributes: { blocksize: 2, mode: 'CRD' } },
});
