import { describeGradient, given, normal } from '../../support/gradcheck.js';

describeGradient('HardSwish', {
  'all three pieces': { inputs: [given([-4, -2, -1, 0, 1, 2, 2.5, 5], 2, 4)] },
  'an image': { inputs: [normal(2, 1, 3, 3)] },
});
