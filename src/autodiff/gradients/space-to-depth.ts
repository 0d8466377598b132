import { intAttribute } from '../../onnx/ir.js';
import { defineGradient } from '../rule.js';

/** Depth back to space. */
export const spaceToDepthGradient = defineGradient({
  opType: 'SpaceToDepth',
  inputs: ['input'],
  outputs: ['output'],
  gradient: ({ b, node, dOutput }) => ({
    input: b.op('DepthToSpace', [dOutput], { blocksize: intAttribute(node, 'blocksize', 1), mode: 'DCR' }),
  }),
});
