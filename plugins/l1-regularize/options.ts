import { SELECT_OPTION, TRAINING_OPTIONS } from 'onnx-lathe/plugin';

export const options = {
  type: 'object',
  additionalProperties: false,
  required: ['data'],
  properties: {
    lambda: { type: 'number', minimum: 0, default: 1e-4, description: 'Strength of the penalty.' },
    method: {
      type: 'string',
      enum: ['proximal', 'subgradient'],
      default: 'proximal',
      description: 'proximal gives exact zeros; subgradient only small weights, to be pruned afterwards.',
    },
    select: SELECT_OPTION,
    ...TRAINING_OPTIONS,
    // The best epoch would often be the first, with the fewest zeros.
    keep: { ...TRAINING_OPTIONS.keep, default: 'last' },
  },
} as const;
