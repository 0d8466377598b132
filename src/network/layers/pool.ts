import type { Stack } from '../stack.js';
import { defineLayer, NAME_OPTION } from './layer.js';
import { PAD_SCHEMA, type Pair, pairSchema, windowOn } from './window.js';

export interface PoolOptions {
  readonly kernel: Pair;
  readonly stride?: Pair;
  readonly pad?: 'same' | Pair;
  readonly name?: string | undefined;
}

const OPTIONS = {
  type: 'object',
  additionalProperties: false,
  required: ['kernel'],
  properties: {
    kernel: pairSchema(1, 'Size of the window: a number, or [height, width].'),
    stride: pairSchema(1, 'Step of the window; default: its size.'),
    pad: PAD_SCHEMA,
    ...NAME_OPTION,
  },
} as const;

export const maxPoolLayer = defineLayer<PoolOptions>({
  name: 'maxpool',
  isWord: false,
  shorthand: 'kernel',
  options: OPTIONS,
  build: maxPool,
});

export const averagePoolLayer = defineLayer<PoolOptions>({
  name: 'avgpool',
  isWord: false,
  shorthand: 'kernel',
  options: OPTIONS,
  build: averagePool,
});

/** The largest value of each window. */
export function maxPool(stack: Stack, options: PoolOptions): void {
  pool(stack, 'MaxPool', options);
}

/** The mean of each window; padding does not count. */
export function averagePool(stack: Stack, options: PoolOptions): void {
  pool(stack, 'AveragePool', options);
}

function pool(stack: Stack, opType: 'MaxPool' | 'AveragePool', options: PoolOptions): void {
  const { kernel, stride = kernel, pad = 0 } = options;
  const name = stack.claim('pool', options.name);
  const window = windowOn(stack, name, { kernel, stride, pad, dilation: 1 });
  const attributes = { kernel_shape: window.kernel, strides: window.strides, pads: window.pads };
  if (window.pads.some((size, i) => size >= window.kernel[i % 2]!)) {
    throw stack.misfit(name, `padding ${window.pads.join(', ')} is as wide as its window.`, 'Use less padding.');
  }
  stack.push(stack.builder.op(opType, [stack.value], attributes, { name }), [stack.shape[0]!, ...window.output]);
}
