export { type AdamOptions, adam, adamw } from './adam.js';
export type { Optimizer, OptimizerInputs, OptimizerOutputs } from './optimizer.js';
export { type RmspropOptions, rmsprop } from './rmsprop.js';
export { type SgdOptions, sgd } from './sgd.js';
