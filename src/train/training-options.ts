import type { OptionsOf } from '../core/schema.js';
import { AUGMENT_OPTION } from '../data/augment/option.js';
import { SELECT_OPTION } from '../onnx/select-option.js';

// Schemas alone: a plan reads them and loads nothing of the training itself.

const LR = { type: 'number', exclusiveMinimum: 0 } as const;
const FACTOR = { type: 'number', minimum: 0, exclusiveMaximum: 1 } as const;
const WEIGHT_DECAY = { type: 'number', minimum: 0, default: 0, description: 'Biases and norms are skipped.' } as const;
const WARMUP = { type: 'number', minimum: 0, default: 0, description: 'Epochs over which the rate rises.' } as const;
const ADAM_PROPERTIES = {
  lr: { ...LR, default: 0.001 },
  beta1: { ...FACTOR, default: 0.9 },
  beta2: { ...FACTOR, default: 0.999 },
  epsilon: { type: 'number', exclusiveMinimum: 0, default: 1e-8 },
} as const;
const FINAL = {
  type: 'number',
  minimum: 0,
  maximum: 1,
  default: 0,
  description: 'Share of the rate at the end.',
} as const;

export const OPTIMIZER_OPTION = {
  type: 'object',
  description: 'One of sgd, adam, adamw, rmsprop, with its settings: { sgd: { lr: 0.05, momentum: 0.9 } }.',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  default: { sgd: {} },
  properties: {
    sgd: {
      type: 'object',
      additionalProperties: false,
      properties: {
        lr: { ...LR, default: 0.01 },
        momentum: { ...FACTOR, default: 0.9 },
        nesterov: { type: 'boolean', default: false },
        weightDecay: WEIGHT_DECAY,
      },
    },
    adam: {
      type: 'object',
      additionalProperties: false,
      properties: { ...ADAM_PROPERTIES, weightDecay: WEIGHT_DECAY },
    },
    adamw: {
      type: 'object',
      additionalProperties: false,
      properties: { ...ADAM_PROPERTIES, weightDecay: { ...WEIGHT_DECAY, default: 0.01 } },
    },
    rmsprop: {
      type: 'object',
      additionalProperties: false,
      properties: {
        lr: { ...LR, default: 0.01 },
        alpha: { ...FACTOR, default: 0.99, description: 'Share of the old mean of squares that stays.' },
        epsilon: ADAM_PROPERTIES.epsilon,
        momentum: { ...FACTOR, default: 0 },
        centered: { type: 'boolean', default: false, description: 'Divides by the deviation of the gradient.' },
        weightDecay: WEIGHT_DECAY,
      },
    },
  },
} as const;

export const SCHEDULE_OPTION = {
  type: 'object',
  description:
    'How the learning rate moves: one of constant, step, exponential, linear, polynomial, cosine, oneCycle, with its settings.',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  default: { constant: {} },
  properties: {
    constant: { type: 'object', additionalProperties: false, properties: { warmup: WARMUP } },
    step: {
      type: 'object',
      additionalProperties: false,
      properties: {
        every: { type: 'number', exclusiveMinimum: 0, default: 1, description: 'Epochs between two drops.' },
        factor: { type: 'number', exclusiveMinimum: 0, maximum: 1, default: 0.1 },
        warmup: WARMUP,
      },
    },
    exponential: {
      type: 'object',
      additionalProperties: false,
      properties: {
        factor: {
          type: 'number',
          exclusiveMinimum: 0,
          maximum: 1,
          default: 0.9,
          description: 'What the rate is multiplied by over an epoch, a little with every step.',
        },
        warmup: WARMUP,
      },
    },
    linear: { type: 'object', additionalProperties: false, properties: { final: FINAL, warmup: WARMUP } },
    polynomial: {
      type: 'object',
      additionalProperties: false,
      properties: {
        power: { type: 'number', exclusiveMinimum: 0, default: 2 },
        final: FINAL,
        warmup: WARMUP,
      },
    },
    cosine: { type: 'object', additionalProperties: false, properties: { final: FINAL, warmup: WARMUP } },
    oneCycle: {
      type: 'object',
      additionalProperties: false,
      properties: {
        rise: {
          type: 'number',
          minimum: 0,
          maximum: 1,
          default: 0.3,
          'x-unit': 'ratio',
          description: 'Share of the run over which the rate rises.',
        },
        start: { ...FINAL, default: 0.04, description: 'Share of the rate at the start.' },
        final: { ...FINAL, default: 4e-6 },
      },
    },
  },
} as const;

/** Schemas of the options that every training stage has; spread them into a plugin's `properties`. */
export const TRAINING_OPTIONS = {
  data: { type: 'string', 'x-lathe': 'dataset', description: 'A name under data.' },
  epochs: { type: 'number', exclusiveMinimum: 0, default: 5, description: 'May be a fraction.' },
  batch: { type: 'integer', minimum: 1, default: 64, description: 'Samples a step.' },
  accumulate: {
    type: 'integer',
    minimum: 1,
    default: 1,
    description: 'Batches whose gradients make one step together, like one batch so many times as large.',
  },
  augment: AUGMENT_OPTION,
  loss: {
    type: 'string',
    enum: ['cross-entropy', 'binary-cross-entropy', 'mean-squared-error', 'mean-absolute-error', 'huber'],
    description: 'Default: cross-entropy for classes, mean-squared-error for values.',
  },
  labelSmoothing: {
    type: 'number',
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0,
    description: 'Share of each label that is spread over all classes; cross-entropy only.',
  },
  huberDelta: {
    type: 'number',
    exclusiveMinimum: 0,
    default: 1,
    description: 'Where the loss huber turns from squares to absolute values.',
  },
  classWeights: {
    description: 'How much each class counts in the cross-entropy of training: a list, or balanced by its rarity.',
    anyOf: [
      { enum: ['balanced'] },
      { type: 'array', minItems: 2, items: { type: 'number', minimum: 0 }, description: 'One weight per class.' },
    ],
  },
  optimizer: OPTIMIZER_OPTION,
  schedule: SCHEDULE_OPTION,
  clipNorm: {
    type: 'number',
    exclusiveMinimum: 0,
    description: 'The gradient of all weights together is shortened to this length where it is longer.',
  },
  average: {
    type: 'object',
    description: 'Judges and keeps a moving average of the weights instead of the weights.',
    additionalProperties: false,
    properties: {
      decay: { ...FACTOR, default: 0.999, description: 'Share of the old average that stays at each step.' },
      warmup: { type: 'boolean', default: true, description: 'A smaller decay at first, (1 + step) / (10 + step).' },
    },
  },
  overrides: {
    type: 'array',
    description: 'Other settings for some layers or tensors; the first override that matches decides.',
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['select', 'with'],
      properties: {
        select: SELECT_OPTION,
        with: {
          type: 'object',
          additionalProperties: false,
          minProperties: 1,
          properties: {
            lrFactor: { type: 'number', minimum: 0, description: 'Multiplies the learning rate.' },
            freeze: { type: 'boolean', description: 'true: not trained at all.' },
            weightDecay: {
              type: 'number',
              minimum: 0,
              description: "Instead of the optimizer's; still not for biases and norms.",
            },
          },
        },
      },
    },
  },
  keep: {
    type: 'string',
    enum: ['best', 'last'],
    description: 'Which weights to keep: the best on the validation split (default where there is one), or the last.',
  },
  stopAt: {
    type: 'object',
    description: 'Stops early, once the validation accuracy reaches this.',
    additionalProperties: false,
    required: ['accuracy'],
    properties: { accuracy: { type: 'number', exclusiveMinimum: 0, maximum: 1, 'x-unit': 'ratio' } },
  },
  batchNorm: {
    type: 'string',
    enum: ['train', 'frozen', 'folded'],
    default: 'train',
    description:
      'frozen: batch normalization uses its running statistics and leaves them as they are. ' +
      'folded: it becomes part of the layer before it.',
  },
  shards: {
    type: 'integer',
    minimum: 1,
    maximum: 64,
    description: 'Parts of a batch that may be computed side by side; the result depends on it, not on the cores.',
  },
  lowerings: {
    type: 'string',
    'x-lathe': 'file',
    description:
      'A file that `lathe tune-lowerings` wrote: how to compute convolutions and their gradients, as measured. The result depends on it.',
  },
} as const;

const SCHEMA = { type: 'object', required: ['data'], properties: TRAINING_OPTIONS } as const;
/** What a plugin with TRAINING_OPTIONS receives, after defaults. */
export type TrainingOptions = OptionsOf<typeof SCHEMA>;
