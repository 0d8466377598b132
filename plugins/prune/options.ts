import { SELECT_OPTION, TRAINING_OPTIONS } from 'onnx-lathe/plugin';

/** What decides which weights stay. None of them has a default here: that more than one is given must be seen. */
const CRITERIA = {
  threshold: {
    type: 'number',
    minimum: 0,
    description: 'Weights of smaller magnitude become 0. Where no criterion is given it is 0.01.',
  },
  keep: {
    type: 'number',
    exclusiveMinimum: 0,
    'x-unit': 'ratio',
    description: 'What stays, largest weights first: a share (0.1, 10%, at most 1), or a number of weights (from 2).',
  },
  deviations: {
    type: 'number',
    minimum: 0,
    description: 'Weights smaller than this many standard deviations of the weights become 0.',
  },
} as const;

const { epochs, average, schedule, overrides, keep, stopAt, ...retraining } = TRAINING_OPTIONS;

export const options = {
  type: 'object',
  additionalProperties: false,
  properties: {
    method: {
      type: 'string',
      enum: ['magnitude'],
      default: 'magnitude',
      description: 'How weights are ranked: by absolute value.',
    },
    ...CRITERIA,
    scope: {
      type: 'string',
      enum: ['layer', 'global'],
      default: 'layer',
      description: 'Whether weights compete within their layer or with those of all layers.',
    },
    select: {
      ...SELECT_OPTION,
      description: 'Which layers; default all. A bias or norm is pruned only if include gives its full name.',
    },
    overrides: {
      type: 'array',
      description: 'Other criteria for some of the selected layers; the first override that matches decides.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['select', 'with'],
        properties: {
          select: SELECT_OPTION,
          with: {
            type: 'object',
            description: 'One criterion.',
            additionalProperties: false,
            minProperties: 1,
            maxProperties: 1,
            properties: CRITERIA,
          },
        },
      },
    },
    schedule: {
      type: 'object',
      description: 'Prunes step by step and trains in between, instead of all at once.',
      additionalProperties: false,
      required: ['data'],
      properties: {
        steps: { type: 'integer', minimum: 2, maximum: 1000, default: 4, description: 'Number of pruning steps.' },
        curve: {
          type: 'string',
          enum: ['cubic', 'linear'],
          default: 'cubic',
          description: 'How the share of pruned weights grows: cubic prunes most at first.',
        },
        epochs: { ...epochs, default: 1, description: 'Epochs of training between two steps; may be a fraction.' },
        ...retraining,
      },
    },
  },
} as const;
