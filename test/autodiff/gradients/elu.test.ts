import { awayFromZero, describeGradient } from '../../support/gradcheck.js';

describeGradient('Elu', {
  'a matrix': { inputs: [awayFromZero(3, 4)] },
  'an image': { inputs: [awayFromZero(2, 3, 2, 3)] },
  'another alpha': { inputs: [awayFromZero(7)], attributes: { alpha: 0.4 } },
});
