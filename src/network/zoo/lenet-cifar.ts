import { initializerSchema } from '../initializers.js';
import { relu } from '../layers/activation.js';
import { conv } from '../layers/conv.js';
import { linear } from '../layers/linear.js';
import { maxPool } from '../layers/pool.js';
import { defineNetwork } from '../network.js';
import { stacked } from './common.js';

/** The small network for 3×32×32 images that introductions train on CIFAR-10: 62,006 parameters there. */
export const lenetCifar = defineNetwork({
  name: 'lenet-cifar',
  revision: 1,
  summary: 'For colour images: conv 6@5, pool, conv 16@5, pool, 120, 84; 62,006 parameters at 3×32×32 and 10 outputs.',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: { initializer: initializerSchema('kaiming-normal') },
  } as const,
  build: (context) =>
    stacked('lenet-cifar', context, (stack, initializer) => {
      for (const filters of [6, 16]) {
        conv(stack, { filters, kernel: 5, initializer });
        relu(stack);
        maxPool(stack, { kernel: 2 });
      }
      for (const outputs of [120, 84]) {
        linear(stack, { outputs, initializer });
        relu(stack);
      }
    }),
});
