import { int64Tensor } from '../../../src/onnx/tensor.js';
import { constant, describeGradient, normal } from '../../support/gradcheck.js';

function grid(values: readonly number[], ...dims: number[]) {
  return constant(int64Tensor(values, dims));
}

describeGradient('GatherND', {
  'single elements, one of them twice': { inputs: [normal(3, 4), grid([0, 1, 2, 3, 0, 1], 3, 2)] },
  'a batch with indices of its own': {
    inputs: [normal(2, 3, 4), grid([0, 2, 1, -1, 0, 0], 2, 3, 1)],
    attributes: { batch_dims: 1 },
  },
  'two batch axes': { inputs: [normal(2, 2, 3), grid([0, 2, 1, 1], 2, 2, 1)], attributes: { batch_dims: 2 } },
  'whole rows': { inputs: [normal(3, 4), grid([2, 0], 2, 1)] },
});
