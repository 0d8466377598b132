import { dimsOf } from '../emit.js';
import { routeToMaxima } from '../lowerings/max-pool-gradient/index.js';
import { defineGradient } from '../rule.js';
import { kernelShape, reasonAgainstPool, windowOf } from '../window.js';

/**
 * The gradient goes to the largest element of every window. Over a Relu, whose zeros pass nothing on, the gradient is
 * masked here, at the pooled size, and the Relu's own rule has nothing left to do.
 */
export const maxPoolGradient = defineGradient({
  opType: 'MaxPool',
  inputs: ['X'],
  outputs: ['Y'],
  unsupported: reasonAgainstPool,
  gradient({ b, node, X, Y, dY, producerOf, masks }) {
    const window = windowOf(node, {
      input: dimsOf(X).slice(2),
      output: dimsOf(Y).slice(2),
      kernel: kernelShape(node),
    });
    const isOverRelu = producerOf(X)?.opType === 'Relu';
    const dX = routeToMaxima(b, { x: X, y: Y, dy: dY, window, isOverRelu });
    if (isOverRelu) masks.note(dX, X);
    return { X: dX };
  },
});
