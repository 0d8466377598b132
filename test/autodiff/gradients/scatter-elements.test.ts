import { int64Tensor } from '../../../src/onnx/tensor.js';
import { constant, describeGradient, normal } from '../../support/gradcheck.js';

function grid(values: readonly number[], ...dims: number[]) {
  return constant(int64Tensor(values, dims));
}

describeGradient('ScatterElements', {
  'one element per row': { inputs: [normal(3, 4), grid([1, 0, 3], 3, 1), normal(3, 1)], attributes: { axis: 1 } },
  'elements that are added, one of them twice': {
    inputs: [normal(3, 2), grid([0, 1, 0, 0], 2, 2), normal(2, 2)],
    attributes: { reduction: 'add' },
  },
});
