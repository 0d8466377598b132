import { describeGradient, ints, normal } from '../../support/gradcheck.js';

describeGradient('ReduceL2', {
  'one axis, kept': { inputs: [normal(2, 3, 4), ints(1)] },
  'two axes, dropped': { inputs: [normal(2, 3, 4), ints(0, -1)], attributes: { keepdims: 0 } },
  'all axes': { inputs: [normal(2, 3)], attributes: { keepdims: 0 } },
});
