export * from './provider.js';
export * from './require-provider.js';
export * from './session.js';
export * from './version.js';
export { forWebgpu } from './webgpu/for-webgpu.js';
export { miscomputedByWebgpu } from './webgpu/widen-convolution.js';
