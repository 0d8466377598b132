export * from './builder.js';
export { type InferOptions, inferShapes } from './infer.js';
export * from './ir.js';
export { constantTensor, liftConstants } from './lift.js';
export { type DecodeOptions, decodeModel, readModel } from './read.js';
export {
  foldNode,
  hasShapeRule,
  type InferenceContext,
  inferNode,
  type KnownValues,
  type ValueType,
} from './shapes/index.js';
export * from './tensor.js';
export { encodeMetadata, encodeModel } from './write.js';
