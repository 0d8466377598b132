import { initializerSchema } from '../initializers.js';
import { relu } from '../layers/activation.js';
import { linear } from '../layers/linear.js';
import { defineNetwork } from '../network.js';
import { stacked } from './common.js';

/** LeNet-300-100 of LeCun et al. 1998, with ReLU: 266,610 parameters for 28×28 pixels and 10 classes. */
export const lenet300100 = defineNetwork({
  name: 'lenet-300-100',
  revision: 1,
  summary:
    'Fully connected 300-100, the classic of the pruning literature; 266,610 parameters at 784 inputs and 10 outputs.',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: { initializer: initializerSchema('kaiming-normal') },
  } as const,
  build: (context) =>
    stacked('lenet-300-100', context, (stack, initializer) => {
      for (const outputs of [300, 100]) {
        linear(stack, { outputs, initializer });
        relu(stack);
      }
    }),
});
