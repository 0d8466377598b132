import { featuresOf, type Stack } from '../stack.js';
import { defineLayer, NAME_OPTION } from './layer.js';

export const flattenLayer = defineLayer<object>({
  name: 'flatten',
  isWord: true,
  options: { type: 'object', additionalProperties: false, properties: NAME_OPTION },
  build: flatten,
});

/** One dimension of all values of a sample; nothing is added where there is only one. */
export function flatten(stack: Stack, { name }: { readonly name?: string | undefined }): void {
  if (stack.shape.length === 1) return;
  const layer = stack.claim('flatten', name);
  stack.push(stack.builder.op('Flatten', [stack.value], { axis: 1 }, { name: layer }), [featuresOf(stack)]);
}
