import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('Sum', {
  'three inputs': { inputs: [normal(2, 3), normal(2, 3), normal(2, 3)] },
  'a broadcast input': { inputs: [normal(2, 3), normal(3), normal(2, 1)] },
});
