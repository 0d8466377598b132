import { awayFromZero, describeGradient, ints } from '../../support/gradcheck.js';

describeGradient('ReduceL1', {
  'one axis, kept': { inputs: [awayFromZero(2, 3, 4), ints(1)] },
  'two axes, dropped': { inputs: [awayFromZero(2, 3, 4), ints(0, -1)], attributes: { keepdims: 0 } },
  'all axes': { inputs: [awayFromZero(2, 3)], attributes: { keepdims: 0 } },
});
