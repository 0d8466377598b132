import { intAttribute } from '../../onnx/ir.js';
import { mul, sub } from '../emit.js';
import { defineGradient } from '../rule.js';

/** dx = p · (dy − Σ dy · p) along the axis. */
export const softmaxGradient = defineGradient({
  opType: 'Softmax',
  inputs: ['input'],
  outputs: ['output'],
  gradient({ b, node, output, dOutput }) {
    const axes = b.ints([intAttribute(node, 'axis', -1)]);
    const total = b.op('ReduceSum', [mul(b, dOutput, output), axes], { keepdims: 1 });
    return { input: mul(b, output, sub(b, dOutput, total)) };
  },
});
