import { floatAttribute } from '../../onnx/ir.js';
import { defineGradient } from '../rule.js';

/** dY where x > alpha. */
export const thresholdedReluGradient = defineGradient({
  opType: 'ThresholdedRelu',
  inputs: ['X'],
  outputs: ['Y'],
  gradient({ b, node, X, dY }) {
    const alpha = b.scalar(floatAttribute(node, 'alpha', 1));
    return { X: b.op('Where', [b.op('Greater', [X, alpha]), dY, b.scalar(0)]) };
  },
});
