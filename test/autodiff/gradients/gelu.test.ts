import type { GraphBuilder, Value } from '../../../src/onnx/builder.js';
import { describeGradient, normal } from '../../support/gradcheck.js';

/** Gelu entered ai.onnx with opset 20. */
function x20(b: GraphBuilder, x: Value, approximate: string): Value {
  b.opsets.set('', 20);
  return b.op('Gelu', [x], { approximate });
}

describeGradient('Gelu', {
  'an image': { inputs: [normal(2, 3, 2, 2)], build: (b, [x]) => x20(b, x!, 'none') },
  'a matrix, by tanh': { inputs: [normal(3, 4)], build: (b, [x]) => x20(b, x!, 'tanh') },
});
