import { awayFromZero, describeGradient } from '../../support/gradcheck.js';

describeGradient('Sign', {
  'both signs': { inputs: [awayFromZero(2, 3)] },
  'a vector': { inputs: [awayFromZero(5)] },
});
