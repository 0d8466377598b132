import { SELECT_OPTION, TRAINING_OPTIONS } from 'onnx-lathe/plugin';

// An average of weights that reached 0 at different steps has no zeros.
const { average, ...shared } = TRAINING_OPTIONS;

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
    ...shared,
    // The best epoch would often be the first, with the fewest zeros.
    keep: { ...shared.keep, default: 'last' },
  },
} as const;
