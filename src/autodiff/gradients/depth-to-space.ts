import { intAttribute, stringAttribute } from '../../onnx/ir.js';
import { dimsOf, reshape, transpose } from '../emit.js';
import { defineGradient } from '../rule.js';

/** Space back to depth, in the order that `mode` says. */
export const depthToSpaceGradient = defineGradient({
  opType: 'DepthToSpace',
  inputs: ['input'],
  outputs: ['output'],
  gradient({ b, node, input, dOutput }) {
    const size = intAttribute(node, 'blocksize', 1);
    if (stringAttribute(node, 'mode', 'DCR') === 'DCR') {
      return { input: b.op('SpaceToDepth', [dOutput], { blocksize: size }) };
    }
    const [n, c, h, w] = dimsOf(input) as [number, number, number, number];
    const blocks = reshape(b, dOutput, [n, c / size ** 2, h, size, w, size]);
    return { input: reshape(b, transpose(b, blocks, [0, 1, 3, 5, 2, 4]), [n, c, h, w]) };
  },
});
