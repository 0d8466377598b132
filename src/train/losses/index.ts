export { type CrossEntropyOptions, crossEntropy } from './cross-entropy.js';
export { type Loss, type LossContext, oneHot, targetMatrix } from './loss.js';
export { meanSquaredError } from './mean-squared-error.js';
