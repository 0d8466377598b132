import { intAttribute } from '../../onnx/ir.js';
import { dimsOf, filled } from '../emit.js';
import { defineGradient } from '../rule.js';

/** Elements that were read add their gradients to zeros. */
export const gatherElementsGradient = defineGradient({
  opType: 'GatherElements',
  inputs: ['data', 'indices'],
  outputs: ['output'],
  gradient: ({ b, node, data, indices, dOutput }) => ({
    data: b.op('ScatterElements', [filled(b, dimsOf(data), 0), indices, dOutput], {
      axis: intAttribute(node, 'axis', 0),
      reduction: 'add',
    }),
    indices: null,
  }),
});
