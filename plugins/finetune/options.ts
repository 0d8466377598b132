import { SELECT_OPTION, TRAINING_OPTIONS } from 'onnx-lathe/plugin';

export const options = {
  type: 'object',
  additionalProperties: false,
  required: ['data'],
  properties: {
    keepZeros: { type: 'boolean', default: true, description: 'Weights that are 0 now stay 0.' },
    freeze: { ...SELECT_OPTION, description: 'Layers or tensors that are not trained.' },
    ...TRAINING_OPTIONS,
  },
} as const;
