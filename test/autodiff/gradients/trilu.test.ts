import { int64Tensor } from '../../../src/onnx/tensor.js';
import { constant, describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('Trilu', {
  'the upper triangle': { inputs: [normal(3, 4)] },
  'the lower triangle, shifted': {
    inputs: [normal(2, 3, 3), constant(int64Tensor([1], []))],
    attributes: { upper: 0 },
  },
});
