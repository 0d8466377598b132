import { floatAttribute } from '../../onnx/ir.js';
import { scale } from '../emit.js';
import { defineGradient } from '../rule.js';

/** alpha · dY where the line is neither cut off at 0 nor at 1. */
export const hardSigmoidGradient = defineGradient({
  opType: 'HardSigmoid',
  inputs: ['X'],
  outputs: ['Y'],
  gradient({ b, node, Y, dY }) {
    const isInside = b.op('And', [b.op('Greater', [Y, b.scalar(0)]), b.op('Less', [Y, b.scalar(1)])]);
    return { X: b.op('Where', [isInside, scale(b, dY, floatAttribute(node, 'alpha', 0.2)), b.scalar(0)]) };
  },
});
