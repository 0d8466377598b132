import { type InitializerName, initializerSchema } from '../initializers.js';
import { type Stack, show } from '../stack.js';
import { defineLayer, NAME_OPTION } from './layer.js';
import { PAD_SCHEMA, type Pair, pairSchema, windowOn } from './window.js';

export interface ConvOptions {
  readonly filters: number;
  readonly kernel: Pair;
  readonly stride?: Pair;
  readonly pad?: 'same' | Pair;
  readonly dilation?: Pair;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly initializer?: InitializerName;
  readonly name?: string | undefined;
  /** What automatic names begin with; not an option of recipes. */
  readonly kind?: string;
}

export const convLayer = defineLayer<ConvOptions>({
  name: 'conv',
  isWord: false,
  options: {
    type: 'object',
    additionalProperties: false,
    required: ['filters', 'kernel'],
    properties: {
      filters: { type: 'integer', minimum: 1, description: 'Output channels.' },
      kernel: pairSchema(1, 'Size of the window: a number, or [height, width].'),
      stride: { ...pairSchema(1, 'Step of the window.'), default: 1 },
      pad: PAD_SCHEMA,
      dilation: { ...pairSchema(1, 'Distance between the points of the window.'), default: 1 },
      groups: {
        type: 'integer',
        minimum: 1,
        default: 1,
        description: 'Groups of channels that do not see each other; as many as channels makes it depthwise.',
      },
      bias: { type: 'boolean', default: true, description: 'Add a number per filter; not needed before batchnorm.' },
      initializer: initializerSchema('kaiming-normal'),
      ...NAME_OPTION,
    },
  },
  build: conv,
});

/** A convolution: weight [filters, C/groups, kH, kW]. */
export function conv(stack: Stack, options: ConvOptions): void {
  const { filters, kernel, stride = 1, pad = 0, dilation = 1, groups = 1, bias = true } = options;
  const name = stack.claim(options.kind ?? 'conv', options.name);
  const window = windowOn(stack, name, { kernel, stride, pad, dilation });
  const channels = stack.shape[0]!;
  if (channels % groups !== 0 || filters % groups !== 0) {
    throw stack.misfit(
      name,
      `${groups} groups do not divide its ${channels} input channels ${show(stack.shape)} and ${filters} filters.`,
      'Choose groups that divide both.',
    );
  }
  const dims = [filters, channels / groups, ...window.kernel];
  const weight = stack.weight(`${name}.weight`, dims, options.initializer ?? 'kaiming-normal');
  const inputs = [stack.value, weight, ...(bias ? [stack.vector(`${name}.bias`, filters, 0)] : [])];
  const attributes = {
    kernel_shape: window.kernel,
    strides: window.strides,
    pads: window.pads,
    dilations: window.dilations,
    group: groups,
  };
  stack.push(stack.builder.op('Conv', inputs, attributes, { name }), [filters, ...window.output]);
}
