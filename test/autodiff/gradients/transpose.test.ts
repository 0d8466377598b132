import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('Transpose', {
  'a permutation': { inputs: [normal(2, 3, 4)], attributes: { perm: [1, 2, 0] } },
  'the default, reversed': { inputs: [normal(2, 3)] },
});
