import { awayFromZero, describeGradient, ints } from '../../support/gradcheck.js';

describeGradient('ReduceProd', {
  'one axis, kept': { inputs: [awayFromZero(2, 3, 4), ints(1)] },
  'all axes': { inputs: [awayFromZero(2, 3)], attributes: { keepdims: 0 } },
});
