import { awayFromZero, describeGradient } from '../../support/gradcheck.js';

describeGradient('PRelu', {
  'a slope per element': { inputs: [awayFromZero(2, 3), awayFromZero(2, 3)] },
  'a slope per channel': { inputs: [awayFromZero(2, 3, 2, 2), awayFromZero(3, 1, 1)] },
});
