/** The public contract: what a plugin imports. */
export { atOption } from '../core/at-option.js';
export type { Json } from '../core/canonical-json.js';
export type { Checkpoint, CheckpointParts } from '../core/checkpoint.js';
export { isUserError, UserError } from '../core/errors.js';
export { Random } from '../core/random.js';
export type { OptionsOf, OptionsSchema } from '../core/schema.js';
export { type Dataset, type DatasetDefinition, defineDataset, type Samples, type Target } from '../data/dataset.js';
export { defineNetwork, type NetworkDefinition } from '../network/network.js';
export type { Model, Node, Tensor } from '../onnx/ir.js';
/** Options and metrics that several stages share; with them a definition needs no toolbox until it runs. */
export { SELECT_OPTION } from '../onnx/select-option.js';
export type { Provider } from '../runtime/provider.js';
export { TRAINING_METRICS } from '../train/training-metrics.js';
export { TRAINING_OPTIONS, type TrainingOptions } from '../train/training-options.js';
export type {
  ObservedEnd,
  ObservedGate,
  ObservedPlan,
  ObservedRun,
  ObservedStart,
  ObserverDefinition,
} from './observer.js';
export { defineObserver } from './observer.js';
export type * from './preview.js';
export * from './stage.js';
