import { UserError } from '../core/errors.js';
import type { Target } from '../data/dataset.js';
import { crossEntropy } from './losses/cross-entropy.js';
import type { Loss } from './losses/loss.js';
import { meanSquaredError } from './losses/mean-squared-error.js';
import { adam, adamw } from './optimizers/adam.js';
import type { Optimizer } from './optimizers/optimizer.js';
import { sgd } from './optimizers/sgd.js';
import type { TrainRequest } from './request.js';
import { constantSchedule, cosineSchedule, type Schedule, stepSchedule } from './schedule.js';
import type { TrainingOptions } from './training-options.js';

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
