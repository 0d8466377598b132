import type { InitializerName } from '../initializers.js';
import { relu } from '../layers/activation.js';
import { batchNormalization } from '../layers/batch-normalization.js';
import { conv } from '../layers/conv.js';
import { residual, type Shortcut } from '../residual.js';
import type { Stack } from '../stack.js';

export interface ConvBnOptions {
  readonly filters: number;
  readonly stride: number;
  readonly pad: 'same' | number;
  readonly bias: boolean;
  readonly initializer: InitializerName;
}

/** The block of two 3×3 convolutions of small residual networks; the first one takes the stride. */
export function basicBlock(stack: Stack, options: ConvBnOptions & { readonly shortcut: Shortcut }): void {
  residual(stack, options, () => {
    convBnRelu(stack, options);
    convBn(stack, { ...options, stride: 1 });
  });
  relu(stack);
}

export function convBnRelu(stack: Stack, options: ConvBnOptions): void {
  convBn(stack, options);
  relu(stack);
}

function convBn(stack: Stack, { filters, stride, pad, bias, initializer }: ConvBnOptions): void {
  conv(stack, { filters, kernel: 3, stride, pad, bias, initializer });
  batchNormalization(stack, {});
}
