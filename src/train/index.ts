export type { WeightAverage } from './average.js';
export * from './losses/index.js';
export {
  chooserFrom,
  formatLoweringChoices,
  type LoweringChoices,
  readLoweringChoices,
} from './lowering-choices.js';
export { countNonzero, masksFromZeros, nonzeroPerTensor } from './masks.js';
export * from './optimizers/index.js';
export { lossFromOptions, optimizerFromOptions, requestFromOptions, scheduleFromOptions } from './options.js';
export type { ParameterOverride, ParameterSettings } from './overrides.js';
export { type Parameter, type ParameterRole, trainableParameters } from './parameters.js';
export { previewTraining, type TrainingPreview } from './preview.js';
export type { L1Regularizer } from './regularizer.js';
export type * from './request.js';
export type { Schedule } from './schedule.js';
export {
  constantSchedule,
  cosineSchedule,
  exponentialSchedule,
  linearSchedule,
  type Moment,
  type OneCycleOptions,
  oneCycleSchedule,
  polynomialSchedule,
  stepSchedule,
} from './schedule.js';
export { reportTraining, requestFromStage, type TrainingStage } from './stage-report.js';
export type { StepCurve } from './step-curve.js';
export { train } from './train.js';
export { TRAINING_METRICS } from './training-metrics.js';
export { OPTIMIZER_OPTION, SCHEDULE_OPTION, TRAINING_OPTIONS, type TrainingOptions } from './training-options.js';
export { type TuneTraining, tuneTraining } from './tune-training.js';
