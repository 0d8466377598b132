import { SELECT_OPTION } from 'onnx-lathe/plugin';

export const options = {
  type: 'object',
  additionalProperties: false,
  required: ['method'],
  properties: {
    method: {
      type: 'string',
      enum: ['weights', 'static', 'dynamic'],
      description:
        'weights: stored as 8-bit integers, computed in float. static: computed in int8 with ranges from calibration. ' +
        'dynamic: MatMul and Gemm in int8 with ranges taken while the model runs; no data needed.',
    },
    scheme: {
      type: 'string',
      enum: ['symmetric-int8', 'affine-uint8'],
      default: 'symmetric-int8',
      description:
        'Method weights. symmetric-int8: w ≈ scale × q, q in -127..127. ' +
        'affine-uint8: w ≈ scale × (q - zeroPoint), q in 0..255.',
    },
    center: {
      type: 'string',
      enum: ['range', 'mean'],
      default: 'range',
      description:
        'Scheme affine-uint8: 0..255 covers the smallest to the largest weight, or reaches equally far to both sides of their mean.',
    },
    granularity: {
      type: 'string',
      enum: ['channel', 'tensor'],
      default: 'channel',
      description: 'A scale for every output channel of a weight, or one for the whole weight.',
    },
    convolutions: {
      type: 'boolean',
      default: false,
      description: 'Method dynamic: convolutions too. Measure: they are often slower than in float.',
    },
    calibrate: {
      type: 'object',
      description: 'Method static: the samples from which the ranges of activations are taken.',
      additionalProperties: false,
      required: ['data'],
      properties: {
        data: { type: 'string', 'x-lathe': 'dataset', description: 'A name under data.' },
        samples: {
          type: 'integer',
          minimum: 1,
          default: 512,
          description: 'How many, drawn at random; all if there are fewer.',
        },
        split: {
          type: 'string',
          enum: ['train', 'validation', 'test'],
          default: 'train',
          description: 'The part of the data set. Calibrating on test makes its accuracy look better than it is.',
        },
        batch: { type: 'integer', minimum: 1, default: 32, description: 'Samples a run: bounds the memory.' },
      },
    },
    select: { ...SELECT_OPTION, description: 'Which layers; default all that can be quantized.' },
  },
} as const;
