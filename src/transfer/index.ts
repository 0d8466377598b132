export * from './copy-weights.js';
export * from './distillation-loss.js';
export * from './pair-names.js';
export * from './slice-into.js';
