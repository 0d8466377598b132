import { int64Tensor } from '../../../src/onnx/tensor.js';
import { constant, describeGradient, normal } from '../../support/gradcheck.js';

function grid(values: readonly number[], ...dims: number[]) {
  return constant(int64Tensor(values, dims));
}

describeGradient('ScatterND', {
  rows: { inputs: [normal(4, 3), grid([2, 0], 2, 1), normal(2, 3)] },
  'elements that are added, one of them twice': {
    inputs: [normal(3, 4), grid([0, 1, 2, 3, 0, 1], 3, 2), normal(3)],
    attributes: { reduction: 'add' },
  },
});
