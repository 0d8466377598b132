import type { Value } from '../onnx/builder.js';
import type { InitializerName } from './initializers.js';
import { batchNormalization } from './layers/batch-normalization.js';
import { conv } from './layers/conv.js';
import { type Stack, show } from './stack.js';

/** How the input reaches the sum: unchanged; by a 1×1 convolution, plain or batch-normalized; or subsampled, with zeros for new channels. */
export type Shortcut = 'identity' | 'conv' | 'conv-bn' | 'pad';

export interface ResidualOptions {
  /** 'auto': identity where the shapes are equal, else conv-bn. */
  readonly shortcut: Shortcut | 'auto';
  /** Of the shortcut's convolution. */
  readonly initializer?: InitializerName;
  readonly name?: string | undefined;
}

/**
 * input + body(input). Source: He et al. 2016, "Deep Residual Learning for Image Recognition": options A (pad) and B
 * (conv-bn).
 * Throws NETWORK_SHAPE if the two cannot be added.
 */
export function residual(stack: Stack, options: ResidualOptions, body: () => void): void {
  const name = stack.claim('add', options.name);
  const input = { value: stack.value, shape: stack.shape };
  body();
  const output = { value: stack.value, shape: stack.shape };
  const areEqual = input.shape.join() === output.shape.join();
  const shortcut = options.shortcut === 'auto' ? (areEqual ? 'identity' : 'conv-bn') : options.shortcut;
  stack.push(input.value, input.shape);
  if (shortcut === 'pad' && !areEqual) pad(stack, name, output.shape);
  if (shortcut === 'conv' || shortcut === 'conv-bn') {
    project(stack, name, output.shape, { hasBatchNorm: shortcut === 'conv-bn', initializer: options.initializer });
  }
  if (stack.shape.join() !== output.shape.join()) throw unequal(stack, name, input.shape, output.shape);
  stack.push(stack.builder.op('Add', [output.value, stack.value], {}, { name }), output.shape);
}

function project(
  stack: Stack,
  name: string,
  target: readonly number[],
  options: { readonly hasBatchNorm: boolean; readonly initializer: InitializerName | undefined },
): void {
  const stride = strideTo(stack, name, target);
  conv(stack, {
    kind: 'shortcut',
    filters: target[0]!,
    kernel: 1,
    stride,
    bias: !options.hasBatchNorm,
    initializer: options.initializer ?? 'kaiming-normal',
  });
  if (options.hasBatchNorm) batchNormalization(stack, { kind: 'shortcut_bn' });
}

/** Every stride-th pixel; the new channels are zero, half of them before and half behind the old ones. */
function pad(stack: Stack, name: string, target: readonly number[]): void {
  const { builder } = stack;
  const [strideH, strideW] = strideTo(stack, name, target);
  let value: Value = stack.value;
  if (strideH > 1 || strideW > 1) {
    const ends = stack.shape.slice(1);
    const inputs = [
      value,
      builder.ints([0, 0]),
      builder.ints(ends),
      builder.ints([2, 3]),
      builder.ints([strideH, strideW]),
    ];
    value = builder.op('Slice', inputs, {}, { name: stack.claim('subsample') });
  }
  const more = target[0]! - stack.shape[0]!;
  if (more < 0) throw unequal(stack, name, stack.shape, target);
  if (more > 0) {
    const before = Math.floor(more / 2);
    const pads = builder.ints([0, before, 0, 0, 0, more - before, 0, 0]);
    value = builder.op('Pad', [value, pads], {}, { name: stack.claim('pad') });
  }
  stack.push(value, target);
}

/** The stride that takes the image on top to the target's size. */
function strideTo(stack: Stack, name: string, target: readonly number[]): readonly [number, number] {
  const from = stack.shape;
  const strides = [1, 2].map((axis) => Math.ceil(from[axis]! / target[axis]!));
  const fits = from.length === 3 && target.length === 3;
  if (!fits || strides.some((stride, i) => Math.ceil(from[i + 1]! / stride) !== target[i + 1])) {
    throw unequal(stack, name, from, target);
  }
  return strides as [number, number];
}

function unequal(stack: Stack, name: string, input: readonly number[], output: readonly number[]) {
  return stack.misfit(
    name,
    `its layers turn ${show(input)} into ${show(output)}, and the shortcut cannot follow.`,
    'Let them keep the shape, or shrink the image by a whole stride with another shortcut than identity.',
  );
}
