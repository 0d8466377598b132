export * from './builder.js';
export * from './ir.js';
export { constantTensor, liftConstants } from './lift.js';
export { type DecodeOptions, decodeModel, readModel } from './read.js';
export type { InferenceContext, ValueType } from './shapes/index.js';
export { inferNode } from './shapes/index.js';
export * from './tensor.js';
export { encodeMetadata, encodeModel } from './write.js';
