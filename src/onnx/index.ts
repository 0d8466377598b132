export * from './builder.js';
export * from './ir.js';
export type { InferenceContext, ValueType } from './shapes/index.js';
export { inferNode } from './shapes/index.js';
export * from './tensor.js';
