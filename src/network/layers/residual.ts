import type { Json } from '../../core/canonical-json.js';
import { type ResidualOptions, residual } from '../residual.js';
import { type Layer, NAME_OPTION } from './layer.js';

/** A residual block around other layers. Blocks do not nest: nothing needs it, and the schema stays finite. */
export function residualLayer(innerLayers: { readonly [keyword: string]: unknown }, add: AddLayers): Layer {
  return {
    name: 'residual',
    isWord: false,
    options: {
      type: 'object',
      additionalProperties: false,
      required: ['layers'],
      properties: {
        layers: { ...innerLayers, description: 'The layers of the block; their result is added to its input.' },
        shortcut: {
          enum: ['auto', 'identity', 'conv', 'conv-bn', 'pad'],
          default: 'auto',
          description:
            'How the input reaches the sum: unchanged, by a 1×1 convolution (conv, conv-bn), or subsampled and padded with zero channels ' +
            '(pad). auto: identity where the shapes are equal, else conv-bn.',
        },
        ...NAME_OPTION,
      },
    },
    build(stack, options) {
      residual(stack, options as unknown as ResidualOptions, () => add(stack, options.layers as readonly Json[]));
    },
  };
}

export type AddLayers = (stack: Parameters<Layer['build']>[0], layers: readonly Json[]) => void;
