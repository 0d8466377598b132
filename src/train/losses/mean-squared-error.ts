import type { Loss } from './loss.js';
import { outputError } from './loss.js';

/** Mean over a sample's outputs of (output − target)²; the target of a class is its one-hot row. */
export function meanSquaredError(): Loss {
  return (context) => {
    const { b } = context;
    const error = outputError(context);
    return b.op('ReduceMean', [b.op('Mul', [error, error]), b.ints([1])], { keepdims: 0 });
  };
}
