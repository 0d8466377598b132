import { trainingBatchNormalization } from '../../../src/autodiff/batch-statistics.js';
import type { GraphBuilder, Value } from '../../../src/onnx/builder.js';
import { describeGradient, normal, positive } from '../../support/gradcheck.js';

function training(b: GraphBuilder, [x, scale, bias]: readonly (Value | null)[]): Value {
  return trainingBatchNormalization(b, { x: x!, scale: scale!, bias: bias!, epsilon: 0.01 }).y;
}

describeGradient('BatchNormalization', {
  'frozen statistics': {
    inputs: [normal(2, 3, 2, 2), normal(3), positive(3), normal(3), positive(3)],
  },
  'training on images': { inputs: [normal(4, 3, 2, 2), normal(3), positive(3)], build: training },
  'training on vectors with another epsilon': { inputs: [normal(6, 4), positive(4), normal(4)], build: training },
});
