/** The public contract: what a plugin imports. */
export type { Json } from '../core/canonical-json.js';
export { isUserError, UserError } from '../core/errors.js';
export { Random } from '../core/random.js';
export type { OptionsSchema } from '../core/schema.js';
export { type Dataset, type DatasetDefinition, defineDataset, type Samples, type Target } from '../data/dataset.js';
export { defineNetwork, type NetworkDefinition } from '../network/network.js';
export type { Model, Node, Tensor } from '../onnx/ir.js';
export * from './stage.js';
