import type { Stack } from '../stack.js';
import { defineLayer, NAME_OPTION } from './layer.js';

const EPSILON = 1e-5;
/** Share of the old running statistic that a training step keeps, as ONNX counts it (PyTorch's momentum 0.1). */
const MOMENTUM = 0.9;

export const batchNormalizationLayer = defineLayer<object>({
  name: 'batchnorm',
  isWord: true,
  options: { type: 'object', additionalProperties: false, properties: NAME_OPTION },
  build: batchNormalization,
});

/** Batch normalization per channel, in its form for inference; scale, bias and running statistics are initializers. */
export function batchNormalization(
  stack: Stack,
  { name, kind = 'bn' }: { readonly name?: string | undefined; readonly kind?: string },
): void {
  const layer = stack.claim(kind, name);
  const channels = stack.shape[0]!;
  const inputs = [
    stack.value,
    stack.vector(`${layer}.scale`, channels, 1),
    stack.vector(`${layer}.bias`, channels, 0),
    stack.vector(`${layer}.mean`, channels, 0),
    stack.vector(`${layer}.var`, channels, 1),
  ];
  const attributes = {
    epsilon: { type: 'float', value: EPSILON },
    momentum: { type: 'float', value: MOMENTUM },
  } as const;
  stack.push(stack.builder.op('BatchNormalization', inputs, attributes, { name: layer }), stack.shape);
}
