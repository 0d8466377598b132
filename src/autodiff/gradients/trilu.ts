import { intAttribute } from '../../onnx/ir.js';
import { defineGradient } from '../rule.js';

/** The same triangle of the gradient. */
export const triluGradient = defineGradient({
  opType: 'Trilu',
  inputs: ['input', 'k?'],
  outputs: ['output'],
  gradient: ({ b, node, k, dOutput }) => ({
    input: b.op('Trilu', [dOutput, k], { upper: intAttribute(node, 'upper', 1) }),
    k: null,
  }),
});
