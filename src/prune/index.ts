export * from './channels/index.js';
export * from './keep-largest.js';
export * from './magnitude-masks.js';
export * from './masks.js';
export * from './prunable-weights.js';
export * from './prune-gradually.js';
export * from './schedule.js';
