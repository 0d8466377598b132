import { sizeOf } from '../../onnx/tensor.js';
import { dimsOf, filled, matMul, reshape } from '../emit.js';
import { defineGradient } from '../rule.js';

/** Every position receives dY / (H · W). A product with a row of constants spreads it faster than Expand. */
export const globalAveragePoolGradient = defineGradient({
  opType: 'GlobalAveragePool',
  inputs: ['X'],
  outputs: ['Y'],
  gradient({ b, X, dY }) {
    const dims = dimsOf(X);
    const area = sizeOf(dims.slice(2));
    const column = reshape(b, dY, [dims[0]! * dims[1]!, 1]);
    return { X: reshape(b, matMul(b, column, filled(b, [1, area], 1 / area)), dims) };
  },
});
