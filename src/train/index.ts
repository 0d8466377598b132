export * from './losses/index.js';
export { countNonzero, masksFromZeros, nonzeroPerTensor } from './masks.js';
export * from './optimizers/index.js';
export {
  lossFromOptions,
  OPTIMIZER_OPTION,
  optimizerFromOptions,
  requestFromOptions,
  SCHEDULE_OPTION,
  scheduleFromOptions,
  TRAINING_OPTIONS,
  type TrainingOptions,
} from './options.js';
export { type Parameter, type ParameterRole, trainableParameters } from './parameters.js';
export type { L1Regularizer } from './regularizer.js';
export type * from './request.js';
export type { Schedule } from './schedule.js';
export { constantSchedule, cosineSchedule, type Moment, stepSchedule } from './schedule.js';
export { reportTraining, requestFromStage, TRAINING_METRICS, type TrainingStage } from './stage-report.js';
export { train } from './train.js';
