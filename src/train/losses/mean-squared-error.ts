import type { Loss } from './loss.js';
import { targetMatrix } from './loss.js';

/** Mean over a sample's outputs of (output − target)²; the target of a class is its one-hot row. */
export function meanSquaredError(): Loss {
  return (context) => {
    const { b, outputs } = context;
    const error = b.op('Sub', [b.op('Flatten', [outputs[0]!], { axis: 1 }), targetMatrix(context)]);
    return b.op('ReduceMean', [b.op('Mul', [error, error]), b.ints([1])], { keepdims: 0 });
  };
}
