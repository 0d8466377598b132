import { int64Tensor } from '../../../src/onnx/tensor.js';
import { constant, describeGradient, normal } from '../../support/gradcheck.js';

describeGradient('CumSum', {
  forwards: { inputs: [normal(3, 4), constant(int64Tensor([1], []))] },
  'backwards without itself': {
    inputs: [normal(3, 4), constant(int64Tensor([0], []))],
    attributes: { exclusive: 1, reverse: 1 },
  },
});
