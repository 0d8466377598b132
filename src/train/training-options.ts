import type { OptionsOf } from '../core/schema.js';

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

export const OPTIMIZER_OPTION = {
  type: 'object',
  description: 'One of sgd, adam, adamw, with its settings: { sgd: { lr: 0.05, momentum: 0.9 } }.',
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
  },
} as const;

export const SCHEDULE_OPTION = {
  type: 'object',
  description: 'How the learning rate moves: one of constant, step, cosine, with its settings.',
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
    cosine: {
      type: 'object',
      additionalProperties: false,
      properties: {
        final: { type: 'number', minimum: 0, maximum: 1, default: 0, description: 'Share of the rate at the end.' },
        warmup: WARMUP,
      },
    },
  },
} as const;

/** Schemas of the options that every training stage has; spread them into a plugin's `properties`. */
export const TRAINING_OPTIONS = {
  data: { type: 'string', 'x-lathe': 'dataset', description: 'A name under data.' },
  epochs: { type: 'number', exclusiveMinimum: 0, default: 5, description: 'May be a fraction.' },
  batch: { type: 'integer', minimum: 1, default: 64, description: 'Samples a step.' },
  loss: {
    type: 'string',
    enum: ['cross-entropy', 'mean-squared-error'],
    description: 'Default: cross-entropy for classes, mean-squared-error for values.',
  },
  labelSmoothing: {
    type: 'number',
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0,
    description: 'Share of each label that is spread over all classes; cross-entropy only.',
  },
  optimizer: OPTIMIZER_OPTION,
  schedule: SCHEDULE_OPTION,
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
    enum: ['train', 'frozen'],
    default: 'train',
    description: 'frozen: batch normalization uses its running statistics and leaves them as they are.',
  },
  shards: {
    type: 'integer',
    minimum: 1,
    maximum: 64,
    description: 'Parts of a batch that may be computed side by side; the result depends on it, not on the cores.',
  },
} as const;

const SCHEMA = { type: 'object', required: ['data'], properties: TRAINING_OPTIONS } as const;
/** What a plugin with TRAINING_OPTIONS receives, after defaults. */
export type TrainingOptions = OptionsOf<typeof SCHEMA>;
