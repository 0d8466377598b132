import type { GraphBuilder, Value } from '../../../src/onnx/builder.js';
import { describeGradient, normal, positive } from '../../support/gradcheck.js';

/** RMSNormalization entered ai.onnx with opset 23. */
function rms(b: GraphBuilder, x: Value, scale: Value, axis: number): Value {
  b.opsets.set('', 23);
  return b.op('RMSNormalization', [x, scale], { axis });
}

describeGradient('RMSNormalization', {
  'the last axis': { inputs: [normal(3, 5), positive(5)], build: (b, [x, scale]) => rms(b, x!, scale!, -1) },
  'two axes': { inputs: [normal(2, 3, 4), positive(3, 4)], build: (b, [x, scale]) => rms(b, x!, scale!, 1) },
});
