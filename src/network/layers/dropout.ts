import { floatTensor } from '../../onnx/tensor.js';
import type { Stack } from '../stack.js';
import { defineLayer, NAME_OPTION } from './layer.js';

export interface DropoutOptions {
  readonly rate: number;
  readonly name?: string | undefined;
}

export const dropoutLayer = defineLayer<DropoutOptions>({
  name: 'dropout',
  isWord: false,
  shorthand: 'rate',
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['rate'],
    properties: {
      rate: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        description: 'Share of values that training sets to 0.',
      },
      ...NAME_OPTION,
    },
  },
  build: dropout,
});

/** Sets a share of the values to 0 while training; does nothing afterwards. */
export function dropout(stack: Stack, { rate, name }: DropoutOptions): void {
  const layer = stack.claim('dropout', name);
  const ratio = stack.builder.initializer(`${layer}.ratio`, floatTensor([rate], []));
  stack.push(stack.builder.op('Dropout', [stack.value, ratio], {}, { name: layer }), stack.shape);
}
