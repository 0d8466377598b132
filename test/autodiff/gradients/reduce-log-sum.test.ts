import { describeGradient, ints, positive } from '../../support/gradcheck.js';

describeGradient('ReduceLogSum', {
  'one axis, kept': { inputs: [positive(2, 3, 4), ints(1)] },
  'two axes, dropped': { inputs: [positive(2, 3, 4), ints(0, -1)], attributes: { keepdims: 0 } },
  'all axes': { inputs: [positive(2, 3)], attributes: { keepdims: 0 } },
});
