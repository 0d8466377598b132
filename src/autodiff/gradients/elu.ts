import { floatAttribute } from '../../onnx/ir.js';
import { add, mul } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d alpha · (eˣ − 1) = alpha · eˣ = Y + alpha for x < 0; 1 above. */
export const eluGradient = defineGradient({
  opType: 'Elu',
  inputs: ['X'],
  outputs: ['Y'],
  gradient({ b, node, X, Y, dY }) {
    const below = add(b, Y, b.scalar(floatAttribute(node, 'alpha', 1)));
    return { X: b.op('Where', [b.op('Greater', [X, b.scalar(0)]), dY, mul(b, dY, below)]) };
  },
});
