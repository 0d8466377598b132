import type { GraphBuilder, Value } from '../../../src/onnx/builder.js';
import { describeGradient, normal } from '../../support/gradcheck.js';

/** Swish entered ai.onnx with opset 24. */
function swish(b: GraphBuilder, x: Value, alpha: number): Value {
  b.opsets.set('', 24);
  return b.op('Swish', [x], { alpha });
}

describeGradient('Swish', {
  'a matrix': { inputs: [normal(3, 4)], build: (b, [x]) => swish(b, x!, 1) },
  'another alpha': { inputs: [normal(2, 3, 2)], build: (b, [x]) => swish(b, x!, 1.702) },
});
