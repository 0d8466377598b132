import { int32Tensor, int64Tensor } from '../../../src/onnx/tensor.js';
import { constant, describeGradient, normal } from '../../support/gradcheck.js';

function grid(values: readonly number[], ...dims: number[]) {
  return constant(int64Tensor(values, dims));
}

describeGradient('Gather', {
  'rows of a table, one of them twice': { inputs: [normal(4, 3), grid([2, 0, 2, 3], 2, 2)] },
  'columns, counted from the end': { inputs: [normal(2, 4, 2), grid([-1, 1], 2)], attributes: { axis: 1 } },
  'indices of 32 bits': { inputs: [normal(3, 2), constant(int32Tensor([1, -1, 1], [3]))] },
  'a single index': { inputs: [normal(3, 2), grid([1])] },
});
