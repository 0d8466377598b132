import { intAttribute } from '../../onnx/ir.js';
import { dimsOf, filled } from '../emit.js';
import { defineGradient } from '../rule.js';

/** Slices that were read add their gradients to zeros. */
export const gatherNdGradient = defineGradient({
  opType: 'GatherND',
  inputs: ['data', 'indices'],
  outputs: ['output'],
  unsupported: (node) => (intAttribute(node, 'batch_dims', 0) === 0 ? null : 'batch_dims other than 0'),
  gradient: ({ b, data, indices, dOutput }) => ({
    data: b.op('ScatterND', [filled(b, dimsOf(data), 0), indices, dOutput], { reduction: 'add' }),
    indices: null,
  }),
});
