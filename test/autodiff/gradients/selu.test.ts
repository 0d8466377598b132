import { awayFromZero, describeGradient } from '../../support/gradcheck.js';

describeGradient('Selu', {
  'a matrix': { inputs: [awayFromZero(3, 4)] },
  'an image': { inputs: [awayFromZero(2, 3, 2, 3)] },
  'other constants': { inputs: [awayFromZero(7)], attributes: { alpha: 1.5, gamma: 0.7 } },
});
