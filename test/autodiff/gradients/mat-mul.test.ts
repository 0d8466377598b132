import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('MatMul', {
  'two matrices': { inputs: [normal(3, 4), normal(4, 2)] },
  'a batch of rows times one matrix': { inputs: [normal(2, 3, 4), normal(4, 2)] },
  'two batches': { inputs: [normal(2, 3, 4), normal(2, 4, 2)] },
  'batches that broadcast': { inputs: [normal(2, 1, 3, 4), normal(3, 4, 2)] },
  'a matrix times a batch': { inputs: [normal(3, 4), normal(2, 4, 2)] },
  'a vector times a matrix': { inputs: [normal(4), normal(4, 2)] },
  'a batch times a vector': { inputs: [normal(2, 3, 4), normal(4)] },
  'a vector times a batch': { inputs: [normal(4), normal(2, 4, 3)] },
  'two vectors': { inputs: [normal(4), normal(4)] },
});
