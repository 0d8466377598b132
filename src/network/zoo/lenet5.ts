import { initializerSchema } from '../initializers.js';
import { relu } from '../layers/activation.js';
import { conv } from '../layers/conv.js';
import { linear } from '../layers/linear.js';
import { maxPool } from '../layers/pool.js';
import { defineNetwork } from '../network.js';
import { stacked } from './common.js';

/**
 * LeNet-5 as Caffe has it (examples/mnist/lenet_train_test.prototxt), the one that pruning papers count: no activation
 * after the convolutions, 431,080 parameters at 1×28×28 and 10 classes. Xavier suits its linear convolutions.
 */
export const lenet5 = defineNetwork({
  name: 'lenet5',
  revision: 1,
  summary:
    "LeNet-5 in Caffe's form: conv 20@5, pool, conv 50@5, pool, 500; 431,080 parameters at 1×28×28 and 10 outputs.",
  options: {
    type: 'object',
    additionalProperties: false,
    properties: { initializer: initializerSchema('xavier-uniform') },
  } as const,
  build: (context) =>
    stacked('lenet5', context, (stack, initializer) => {
      for (const filters of [20, 50]) {
        conv(stack, { filters, kernel: 5, initializer });
        maxPool(stack, { kernel: 2 });
      }
      linear(stack, { outputs: 500, initializer });
      relu(stack);
    }),
});
