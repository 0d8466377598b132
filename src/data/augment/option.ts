import type { OptionsOf } from '../../core/schema.js';

/** The schema of an option that changes training samples at random. */
export const AUGMENT_OPTION = {
  type: 'object',
  description: 'Changes the training samples a little, anew every epoch, drawn from the seed.',
  additionalProperties: false,
  minProperties: 1,
  properties: {
    flip: {
      type: 'string',
      enum: ['horizontal', 'vertical', 'both'],
      description: 'Mirrors every second image, left to right, upside down, or each at half of the chance.',
    },
    shift: { type: 'integer', minimum: 1, description: 'Moves by up to so many pixels, each way and both axes.' },
    crop: {
      type: 'object',
      description: 'Cuts a window out at a random place: from a margin around the image, or a smaller one enlarged.',
      additionalProperties: false,
      minProperties: 1,
      maxProperties: 1,
      properties: {
        padding: { type: 'integer', minimum: 1, description: 'Width of the margin, in pixels.' },
        area: {
          type: 'number',
          exclusiveMinimum: 0,
          exclusiveMaximum: 1,
          'x-unit': 'ratio',
          description: 'The smallest share of the image that the window covers.',
        },
      },
    },
    rotate: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 180,
      description: 'Turns by up to so many degrees, either way.',
    },
    cutout: { type: 'integer', minimum: 1, description: 'Sets a square with sides of so many pixels to 0.' },
    mixup: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 4,
      description:
        'Blends every sample and its label with another of the batch; shares from a Beta distribution with this parameter.',
    },
  },
} as const;

export type AugmentOptions = OptionsOf<typeof AUGMENT_OPTION>;
