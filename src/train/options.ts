import { UserError } from '../core/errors.js';
import type { OptionsOf } from '../core/schema.js';
import type { Target } from '../data/dataset.js';
import { crossEntropy } from './losses/cross-entropy.js';
import type { Loss } from './losses/loss.js';
import { meanSquaredError } from './losses/mean-squared-error.js';
import { adam, adamw } from './optimizers/adam.js';
import type { Optimizer } from './optimizers/optimizer.js';
import { sgd } from './optimizers/sgd.js';
import type { TrainRequest } from './request.js';
import { constantSchedule, cosineSchedule, type Schedule, stepSchedule } from './schedule.js';

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

/** The parts of a request that follow from the options. Throws TRAIN_LOSS_TARGET if the loss does not suit the labels. */
export function requestFromOptions(
  options: TrainingOptions,
  target: Target,
): Pick<
  TrainRequest,
  'loss' | 'optimizer' | 'schedule' | 'length' | 'batch' | 'keep' | 'stopAt' | 'batchNorm' | 'shards'
> {
  return {
    loss: lossFromOptions(options, target),
    optimizer: optimizerFromOptions(options.optimizer),
    schedule: scheduleFromOptions(options.schedule),
    length: { epochs: options.epochs },
    batch: options.batch,
    batchNorm: options.batchNorm,
    ...(options.keep === undefined ? {} : { keep: options.keep }),
    ...(options.stopAt === undefined ? {} : { stopAt: options.stopAt }),
    ...(options.shards === undefined ? {} : { shards: options.shards }),
  };
}

export function lossFromOptions(options: Pick<TrainingOptions, 'loss' | 'labelSmoothing'>, target: Target): Loss {
  const name = options.loss ?? (target.kind === 'class' ? 'cross-entropy' : 'mean-squared-error');
  if (name === 'mean-squared-error') return meanSquaredError();
  if (target.kind !== 'class') {
    throw new UserError(
      'TRAIN_LOSS_TARGET',
      'The loss is cross-entropy, but the labels of the data set are values, not classes.',
      'Set `loss: mean-squared-error`, or use a data set with classes.',
    );
  }
  return crossEntropy({ labelSmoothing: options.labelSmoothing });
}

export function optimizerFromOptions(options: TrainingOptions['optimizer']): Optimizer {
  if (options.adam !== undefined) return adam(options.adam);
  if (options.adamw !== undefined) return adamw(options.adamw);
  if (options.sgd !== undefined) return sgd(options.sgd);
  throw new Error('internal: the schema demands one optimizer');
}

export function scheduleFromOptions(options: TrainingOptions['schedule']): Schedule {
  if (options.cosine !== undefined) return cosineSchedule(options.cosine);
  if (options.step !== undefined) return stepSchedule(options.step);
  return constantSchedule(options.constant);
}
