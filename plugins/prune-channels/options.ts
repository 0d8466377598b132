import { SELECT_OPTION } from 'onnx-lathe/plugin';

const KEEP = {
  type: 'number',
  exclusiveMinimum: 0,
  'x-unit': 'ratio',
  description:
    'Channels that stay, the most important ones: a share (0.5, 50%, at most 1), or a number of them (from 2).',
} as const;

export const options = {
  type: 'object',
  additionalProperties: false,
  required: ['keep'],
  properties: {
    keep: KEEP,
    scope: {
      type: 'string',
      enum: ['layer', 'global'],
      default: 'layer',
      description: 'Whether channels compete within their layer (and those tied to it) or with those of all layers.',
    },
    importance: {
      type: 'string',
      enum: ['l2', 'l1', 'batchnorm'],
      default: 'l2',
      description:
        'What ranks channels: the norm of the weights that make them, or |gamma| of the batch normalization behind.',
    },
    roundTo: {
      type: 'integer',
      minimum: 1,
      maximum: 1024,
      default: 1,
      description: 'The number of channels that stay is rounded up to a multiple of this.',
    },
    select: {
      ...SELECT_OPTION,
      description: 'Which layers may lose channels; default all that can.',
    },
    overrides: {
      type: 'array',
      description:
        'Another keep for some of the selected layers; the first override that matches one of tied layers decides.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['select', 'with'],
        properties: {
          select: SELECT_OPTION,
          with: {
            type: 'object',
            description: 'What holds for them.',
            additionalProperties: false,
            required: ['keep'],
            properties: { keep: KEEP },
          },
        },
      },
    },
  },
} as const;
