import { awayFromZero, describeGradient } from '../../support/gradcheck.js';

describeGradient('Softsign', {
  'a matrix': { inputs: [awayFromZero(3, 4)] },
  'an image': { inputs: [awayFromZero(2, 3, 2, 3)] },
});
