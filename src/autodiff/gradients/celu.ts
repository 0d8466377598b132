import { floatAttribute } from '../../onnx/ir.js';
import { add, mul, scale } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d alpha · (e^(x/alpha) − 1) = Y / alpha + 1 for x < 0; 1 above. */
export const celuGradient = defineGradient({
  opType: 'Celu',
  inputs: ['X'],
  outputs: ['Y'],
  gradient({ b, node, X, Y, dY }) {
    const below = add(b, scale(b, Y, 1 / floatAttribute(node, 'alpha', 1)), b.scalar(1));
    return { X: b.op('Where', [b.op('Greater', [X, b.scalar(0)]), dY, mul(b, dY, below)]) };
  },
});
