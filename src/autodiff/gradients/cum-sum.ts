import { intAttribute } from '../../onnx/ir.js';
import { defineGradient } from '../rule.js';

/** The sum from the other end. */
export const cumSumGradient = defineGradient({
  opType: 'CumSum',
  inputs: ['x', 'axis'],
  outputs: ['y'],
  gradient: ({ b, node, axis, dY }) => ({
    x: b.op('CumSum', [dY, axis], {
      exclusive: intAttribute(node, 'exclusive', 0),
      reverse: 1 - intAttribute(node, 'reverse', 0),
    }),
    axis: null,
  }),
});
