import { describeGradient, ints, normal } from '../../support/gradcheck.js';

describeGradient('Pad', {
  zeros: { inputs: [normal(2, 3), ints(1, 0, 0, 2)] },
  'one axis, counted from the end': { inputs: [normal(2, 3), ints(1, 2), null, ints(-1)] },
  cropping: { inputs: [normal(4, 5), ints(-1, 1, 0, -2)] },
  reflection: { inputs: [normal(2, 4), ints(0, 2, 0, 3)], attributes: { mode: 'reflect' } },
  'repeated edges': { inputs: [normal(1, 2, 3, 3), ints(0, 0, 1, 1, 0, 0, 2, 1)], attributes: { mode: 'edge' } },
});
