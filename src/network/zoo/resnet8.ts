import { initializerSchema } from '../initializers.js';
import { globalAveragePool } from '../layers/global-average-pool.js';
import { defineNetwork } from '../network.js';
import { basicBlock, convBnRelu } from './basic-block.js';
import { stacked } from './common.js';

/**
 * The image classifier of the MLPerf Tiny benchmark: three residual blocks of 16, 32 and 64 channels, biases beside batch
 * normalization, "same" padding whose odd zero is at the end, plain 1×1 shortcuts. 78,666 numbers at 3×32×32 and 10
 * classes, running statistics included.
 * Source: Banbury et al. 2021, "MLPerf Tiny Benchmark", model resnet_v1_eembc.
 */
export const resnet8 = defineNetwork({
  name: 'resnet8',
  revision: 1,
  summary:
    'Three residual blocks with batch normalization, as in MLPerf Tiny; 78,666 parameters at 3×32×32 and 10 outputs.',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: { initializer: initializerSchema('kaiming-normal') },
  } as const,
  build: (context) =>
    stacked('resnet8', context, (stack, initializer) => {
      const form = { pad: 'same', bias: true, initializer } as const;
      convBnRelu(stack, { ...form, filters: 16, stride: 1 });
      [16, 32, 64].forEach((filters, i) => {
        const isFirst = i === 0;
        basicBlock(stack, { ...form, filters, stride: isFirst ? 1 : 2, shortcut: isFirst ? 'identity' : 'conv' });
      });
      globalAveragePool(stack, {});
    }),
});
