import { floatAttribute } from '../../onnx/ir.js';
import { scale } from '../emit.js';
import { defineGradient } from '../rule.js';

/** alpha · dY for x < 0. */
export const leakyReluGradient = defineGradient({
  opType: 'LeakyRelu',
  inputs: ['X'],
  outputs: ['Y'],
  gradient({ b, node, X, dY }) {
    const below = scale(b, dY, floatAttribute(node, 'alpha', 0.01));
    return { X: b.op('Where', [b.op('Greater', [X, b.scalar(0)]), dY, below]) };
  },
});
