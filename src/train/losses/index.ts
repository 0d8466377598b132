export { binaryCrossEntropy } from './binary-cross-entropy.js';
export { type CrossEntropyOptions, crossEntropy } from './cross-entropy.js';
export { type HuberOptions, huber } from './huber.js';
export { type Loss, type LossContext, oneHot, targetMatrix } from './loss.js';
export { meanAbsoluteError } from './mean-absolute-error.js';
export { meanSquaredError } from './mean-squared-error.js';
