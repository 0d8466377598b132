import { initializerSchema } from '../initializers.js';
import { relu } from '../layers/activation.js';
import { linear } from '../layers/linear.js';
import { defineNetwork } from '../network.js';
import { stacked } from './common.js';

/** Fully connected layers with ReLU between them. */
export const mlp = defineNetwork({
  name: 'mlp',
  revision: 1,
  summary: 'Fully connected: hidden layers of the sizes given, ReLU between them.',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      hidden: {
        type: 'array',
        items: { type: 'integer', minimum: 1 },
        default: [300, 100],
        description: 'Sizes of the hidden layers, first to last; [] gives a linear classifier.',
      },
      initializer: initializerSchema('kaiming-normal'),
    },
  } as const,
  build: (context) =>
    stacked('mlp', context, (stack, initializer) => {
      for (const outputs of context.options.hidden) {
        linear(stack, { outputs, initializer });
        relu(stack);
      }
    }),
});
