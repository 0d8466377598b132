import { initializerSchema } from '../initializers.js';
import { globalAveragePool } from '../layers/global-average-pool.js';
import { defineNetwork } from '../network.js';
import { basicBlock, convBnRelu } from './basic-block.js';
import { stacked } from './common.js';

/**
 * ResNet-20 for small images, section 4.2 of He et al. 2016: 3×3 blocks of 16, 32 and 64 channels. The weights of its
 * convolutions and linear layer number 270,896 with 1×1 shortcuts (option B), 268,336 without (option A), at 3 channels
 * and 10 classes.
 */
export const resnet20 = defineNetwork({
  name: 'resnet20',
  revision: 1,
  summary:
    'Nine residual blocks with batch normalization, for small images; 270,896 weights at 3 channels and 10 outputs.',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      shortcut: {
        enum: ['conv-bn', 'pad'],
        default: 'conv-bn',
        description:
          "Where the shape changes: a 1×1 convolution (the paper's option B), or zeros for new channels (option A).",
      },
      initializer: initializerSchema('kaiming-normal'),
    },
  } as const,
  build: (context) =>
    stacked('resnet20', context, (stack, initializer) => {
      const form = { pad: 1, bias: false, initializer } as const;
      convBnRelu(stack, { ...form, filters: 16, stride: 1 });
      [16, 32, 64].forEach((filters, stage) => {
        for (let block = 0; block < 3; block++) {
          const shrinks = stage > 0 && block === 0;
          const shortcut = shrinks ? context.options.shortcut : 'identity';
          basicBlock(stack, { ...form, filters, stride: shrinks ? 2 : 1, shortcut });
        }
      });
      globalAveragePool(stack, {});
    }),
});
