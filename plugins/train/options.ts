import { TRAINING_OPTIONS } from 'onnx-lathe/plugin';

export const options = {
  type: 'object',
  additionalProperties: false,
  required: ['data'],
  properties: {
    network: {
      type: 'string',
      'x-lathe': 'network',
      description: 'The network to start with fresh weights; leave it out to go on with the model given by from.',
    },
    ...TRAINING_OPTIONS,
  },
} as const;
