import { describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('Gemm', {
  'no bias': { inputs: [normal(3, 4), normal(4, 2)] },
  'a row as bias': { inputs: [normal(3, 4), normal(4, 2), normal(2)] },
  'transB and a bias, as a linear layer': {
    inputs: [normal(3, 4), normal(2, 4), normal(2)],
    attributes: { transB: 1 },
  },
  'transA, alpha and beta': {
    inputs: [normal(4, 3), normal(4, 2), normal(3, 1)],
    attributes: { transA: 1, alpha: 0.5, beta: 1.5 },
  },
  'a flag that is neither 0 nor 1': {
    inputs: [normal(3, 4), normal(2, 4)],
    attributes: { transB: 2 },
  },
  'both transposed, a scalar as bias': {
    inputs: [normal(4, 3), normal(2, 4), normal()],
    attributes: { transA: 1, transB: 1 },
  },
});
