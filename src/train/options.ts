import { UserError } from '../core/errors.js';
import type { Target } from '../data/dataset.js';
import { binaryCrossEntropy } from './losses/binary-cross-entropy.js';
import { crossEntropy } from './losses/cross-entropy.js';
import { huber } from './losses/huber.js';
import type { Loss } from './losses/loss.js';
import { meanAbsoluteError } from './losses/mean-absolute-error.js';
import { meanSquaredError } from './losses/mean-squared-error.js';
import { chooserFrom, readLoweringChoices } from './lowering-choices.js';
import { adam, adamw } from './optimizers/adam.js';
import type { Optimizer } from './optimizers/optimizer.js';
import { rmsprop } from './optimizers/rmsprop.js';
import { sgd } from './optimizers/sgd.js';
import type { TrainRequest } from './request.js';
import {
  constantSchedule,
  cosineSchedule,
  exponentialSchedule,
  linearSchedule,
  oneCycleSchedule,
  polynomialSchedule,
  type Schedule,
  stepSchedule,
} from './schedule.js';
import type { TrainingOptions } from './training-options.js';

/**
 * The parts of a request that follow from the options.
 * Throws TRAIN_LOSS_TARGET if the loss does not suit the labels, TRAIN_CLASS_WEIGHTS if class weights do not suit the loss,
 * TRAIN_LOWERINGS for a file of lowerings that is none.
 */
export function requestFromOptions(
  options: TrainingOptions,
  target: Target,
): Pick<
  TrainRequest,
  | 'loss'
  | 'optimizer'
  | 'schedule'
  | 'length'
  | 'batch'
  | 'accumulate'
  | 'augment'
  | 'classWeights'
  | 'clipNorm'
  | 'average'
  | 'overrides'
  | 'keep'
  | 'stopAt'
  | 'batchNorm'
  | 'shards'
  | 'lowerings'
> {
  const { classWeights } = options;
  const name = lossName(options, target);
  if (classWeights !== undefined && name !== 'cross-entropy') {
    throw new UserError(
      'TRAIN_CLASS_WEIGHTS',
      `\`classWeights\` weight a cross-entropy, but the loss is ${name}.`,
      'Leave `classWeights` out, or set `loss: cross-entropy` for data with classes.',
    );
  }
  return {
    loss: lossFromOptions(options, target),
    optimizer: optimizerFromOptions(options.optimizer),
    schedule: scheduleFromOptions(options.schedule),
    length: { epochs: options.epochs },
    batch: options.batch,
    accumulate: options.accumulate,
    batchNorm: options.batchNorm,
    ...given({
      augment: options.augment,
      classWeights,
      clipNorm: options.clipNorm,
      average: options.average,
      overrides: options.overrides,
      keep: options.keep,
      stopAt: options.stopAt,
      shards: options.shards,
      lowerings:
        options.lowerings === undefined
          ? undefined
          : chooserFrom(options.lowerings, readLoweringChoices(options.lowerings)),
    }),
  };
}

export function lossFromOptions(
  options: Pick<TrainingOptions, 'loss' | 'labelSmoothing' | 'huberDelta'>,
  target: Target,
): Loss {
  switch (lossName(options, target)) {
    case 'binary-cross-entropy':
      return binaryCrossEntropy();
    case 'mean-squared-error':
      return meanSquaredError();
    case 'mean-absolute-error':
      return meanAbsoluteError();
    case 'huber':
      return huber({ delta: options.huberDelta });
    case 'cross-entropy':
      if (target.kind === 'class') return crossEntropy({ labelSmoothing: options.labelSmoothing });
      throw new UserError(
        'TRAIN_LOSS_TARGET',
        'The loss is cross-entropy, but the labels of the data set are values, not classes.',
        'Set `loss: mean-squared-error`, or `binary-cross-entropy` for answers of 0 and 1, or use a data set with classes.',
      );
  }
}

function lossName({ loss }: Pick<TrainingOptions, 'loss'>, target: Target): NonNullable<TrainingOptions['loss']> {
  return loss ?? (target.kind === 'class' ? 'cross-entropy' : 'mean-squared-error');
}

/** Without the options that are not given. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

export function optimizerFromOptions(options: TrainingOptions['optimizer']): Optimizer {
  if (options.adam !== undefined) return adam(options.adam);
  if (options.adamw !== undefined) return adamw(options.adamw);
  if (options.rmsprop !== undefined) return rmsprop(options.rmsprop);
  if (options.sgd !== undefined) return sgd(options.sgd);
  throw new Error('internal: the schema demands one optimizer');
}

export function scheduleFromOptions(options: TrainingOptions['schedule']): Schedule {
  if (options.cosine !== undefined) return cosineSchedule(options.cosine);
  if (options.exponential !== undefined) return exponentialSchedule(options.exponential);
  if (options.linear !== undefined) return linearSchedule(options.linear);
  if (options.oneCycle !== undefined) return oneCycleSchedule(options.oneCycle);
  if (options.polynomial !== undefined) return polynomialSchedule(options.polynomial);
  if (options.step !== undefined) return stepSchedule(options.step);
  return constantSchedule(options.constant);
}
