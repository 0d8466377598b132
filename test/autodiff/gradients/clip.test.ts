import { describeGradient, floats, given, normal } from '../../support/gradcheck.js';

describeGradient('Clip', {
  'both limits': { inputs: [given([-3, -1, 0, 1, 2.5, 9], 2, 3), floats([-2]), floats([3])] },
  ReLU6: { inputs: [given([-3, -1, 0.5, 1, 5, 9], 2, 3), floats([0]), floats([6])] },
  'trained limits': { inputs: [given([-3, -1, 0, 1, 2.5, 9], 6), given([-2]), given([2])] },
  'no limits': { inputs: [normal(2, 3)] },
});
