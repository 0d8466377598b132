import { floatAttribute } from '../../onnx/ir.js';
import { add, mul, scale } from '../emit.js';
import { defineGradient } from '../rule.js';

/** d gamma · alpha · (eˣ − 1) = Y + gamma · alpha for x < 0; gamma above. */
export const seluGradient = defineGradient({
  opType: 'Selu',
  inputs: ['X'],
  outputs: ['Y'],
  gradient({ b, node, X, Y, dY }) {
    const gamma = floatAttribute(node, 'gamma', 1.0507009873554805);
    const below = add(b, Y, b.scalar(gamma * floatAttribute(node, 'alpha', 1.6732632423543772)));
    return { X: b.op('Where', [b.op('Greater', [X, b.scalar(0)]), scale(b, dY, gamma), mul(b, dY, below)]) };
  },
});
