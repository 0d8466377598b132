import { intAttribute } from '../../onnx/ir.js';
import { mul, sub } from '../emit.js';
import { defineGradient } from '../rule.js';

/** dx = dy − p · Σ dy along the axis, with p = exp(y). */
export const logSoftmaxGradient = defineGradient({
  opType: 'LogSoftmax',
  inputs: ['input'],
  outputs: ['output'],
  gradient({ b, node, output, dOutput }) {
    const axes = b.ints([intAttribute(node, 'axis', -1)]);
    const total = b.op('ReduceSum', [dOutput, axes], { keepdims: 1 });
    return { input: sub(b, dOutput, mul(b, b.op('Exp', [output]), total)) };
  },
});
