import { type Stack, show } from '../stack.js';
import { defineLayer, NAME_OPTION } from './layer.js';

export const globalAveragePoolLayer = defineLayer<object>({
  name: 'gap',
  isWord: true,
  options: { type: 'object', additionalProperties: false, properties: NAME_OPTION },
  build: globalAveragePool,
});

/** The mean of each channel: [C, H, W] to [C, 1, 1]. */
export function globalAveragePool(stack: Stack, { name }: { readonly name?: string | undefined }): void {
  const layer = stack.claim('gap', name);
  if (stack.shape.length !== 3) {
    throw stack.misfit(
      layer,
      `it needs an image [C, H, W], but gets ${show(stack.shape)}.`,
      'Put it before flatten and linear layers.',
    );
  }
  stack.push(stack.builder.op('GlobalAveragePool', [stack.value], {}, { name: layer }), [stack.shape[0]!, 1, 1]);
}
