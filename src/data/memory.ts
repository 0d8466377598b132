import { sizeOf } from '../onnx/tensor.js';
import type { Dataset } from './dataset.js';

/**
 * What holding a data set takes, in bytes, rather too many: images are mostly stored as bytes and tables as numbers, and reading a file
 * takes as much again. Data whose samples stay on the disk takes less.
 */
export function dataBytes({ inputShape, train, validation, test }: Dataset): number {
  const samples = train.count + (validation?.count ?? 0) + (test?.count ?? 0);
  return 2 * (inputShape.length === 3 ? 1 : 4) * samples * sizeOf(inputShape);
}
