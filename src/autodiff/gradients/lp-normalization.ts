import { intAttribute } from '../../onnx/ir.js';
import { div, mul, reduceSum, sub } from '../emit.js';
import { defineGradient } from '../rule.js';

/** y = x / ‖x‖ along an axis: dx = (dy − s · Σ dy · y) / ‖x‖, where s is y for the L2 norm and sign(x) for L1. */
export const lpNormalizationGradient = defineGradient({
  opType: 'LpNormalization',
  inputs: ['input'],
  outputs: ['output'],
  gradient({ b, node, input, output, dOutput }) {
    const axis = intAttribute(node, 'axis', -1);
    const isL1 = intAttribute(node, 'p', 2) === 1;
    const norm = b.op(isL1 ? 'ReduceL1' : 'ReduceL2', [input, b.ints([axis])], { keepdims: 1 });
    const direction = isL1 ? b.op('Sign', [input]) : output;
    const share = reduceSum(b, mul(b, dOutput, output), [axis], true);
    return { input: div(b, sub(b, dOutput, mul(b, direction, share)), norm) };
  },
});
