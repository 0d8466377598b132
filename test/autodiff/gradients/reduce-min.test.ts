import { describeGradient, distinct, ints } from '../../support/gradcheck.js';

describeGradient('ReduceMin', {
  'one axis, kept': { inputs: [distinct(2, 3, 4), ints(1)] },
  'two axes, dropped': { inputs: [distinct(2, 3, 4), ints(0, -1)], attributes: { keepdims: 0 } },
  'all axes': { inputs: [distinct(2, 3)], attributes: { keepdims: 0 } },
});
