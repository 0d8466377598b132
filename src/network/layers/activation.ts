import type { Stack } from '../stack.js';
import { defineLayer, type Layer, NAME_OPTION } from './layer.js';

const OPERATORS = { relu: 'Relu', sigmoid: 'Sigmoid', tanh: 'Tanh' } as const;

export const [reluLayer, sigmoidLayer, tanhLayer] = (['relu', 'sigmoid', 'tanh'] as const).map((kind) =>
  defineLayer<object>({
    name: kind,
    isWord: true,
    options: { type: 'object', additionalProperties: false, properties: NAME_OPTION },
    build: (stack, { name }) => activation(stack, kind, name),
  }),
) as [Layer, Layer, Layer];

export const leakyReluLayer = defineLayer<{ readonly slope: number }>({
  name: 'leakyrelu',
  isWord: true,
  shorthand: 'slope',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      slope: { type: 'number', minimum: 0, default: 0.01, description: 'Slope below 0.' },
      ...NAME_OPTION,
    },
  },
  build(stack, { slope, name }) {
    const layer = stack.claim('leakyrelu', name);
    const attributes = { alpha: { type: 'float', value: slope } } as const;
    stack.push(stack.builder.op('LeakyRelu', [stack.value], attributes, { name: layer }), stack.shape);
  },
});

/** A function of each value. */
export function activation(stack: Stack, kind: keyof typeof OPERATORS, name?: string): void {
  const layer = stack.claim(kind, name);
  stack.push(stack.builder.op(OPERATORS[kind], [stack.value], {}, { name: layer }), stack.shape);
}

/** The most common of them. */
export function relu(stack: Stack): void {
  activation(stack, 'relu');
}
