import { describeGradient, ints, normal } from '../../support/gradcheck.js';

describeGradient('Slice', {
  'a range': { inputs: [normal(4, 5), ints(1, 2), ints(3, 5)] },
  'negative indices on one axis': { inputs: [normal(3, 5), ints(-4), ints(-1), ints(1)] },
  'a step of 2': { inputs: [normal(2, 7), ints(1), ints(7), ints(-1), ints(2)] },
  backwards: { inputs: [normal(6, 2), ints(-1), ints(-7), ints(0), ints(-1)] },
  'backwards in steps of 2': { inputs: [normal(6), ints(10), ints(0), ints(0), ints(-2)] },
  'an end beyond the axis': { inputs: [normal(4, 3), ints(1), ints(1000), ints(0)] },
});
