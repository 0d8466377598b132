export * from './canonical-json.js';
export * from './errors.js';
export * from './hash.js';
export * from './nearest.js';
export * from './random.js';
export * from './registry.js';
export * from './schema.js';
