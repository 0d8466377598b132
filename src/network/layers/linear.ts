import { type InitializerName, initializerSchema } from '../initializers.js';
import { featuresOf, type Stack } from '../stack.js';
import { flatten } from './flatten.js';
import { defineLayer, NAME_OPTION } from './layer.js';

export interface LinearOptions {
  readonly outputs: number;
  readonly bias?: boolean;
  readonly initializer?: InitializerName;
  readonly name?: string | undefined;
}

export const linearLayer = defineLayer<LinearOptions>({
  name: 'linear',
  isWord: false,
  shorthand: 'outputs',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['outputs'],
    properties: {
      outputs: {
        type: 'integer',
        minimum: 1,
        description: 'Number of outputs; in the last layer, the number of classes.',
      },
      bias: { type: 'boolean', default: true, description: 'Add a number per output.' },
      initializer: initializerSchema('kaiming-normal'),
      ...NAME_OPTION,
    },
  },
  build: linear,
});

/** A fully connected layer: Gemm with weight [outputs, inputs] (transB = 1). An image is flattened first. */
export function linear(stack: Stack, { outputs, bias = true, initializer, name }: LinearOptions): void {
  const layer = stack.claim('fc', name);
  if (stack.shape.length > 1) flatten(stack, {});
  const weight = stack.weight(`${layer}.weight`, [outputs, featuresOf(stack)], initializer ?? 'kaiming-normal');
  const inputs = [stack.value, weight, ...(bias ? [stack.vector(`${layer}.bias`, outputs, 0)] : [])];
  stack.push(stack.builder.op('Gemm', inputs, { transB: 1 }, { name: layer }), [outputs]);
}
