import type { Loss } from './loss.js';
import { outputError } from './loss.js';

/** Mean over a sample's outputs of |output − target| (L1), with slope 0 where they are equal; the target of a class is its one-hot row. */
export function meanAbsoluteError(): Loss {
  return (context) => {
    const { b } = context;
    return b.op('ReduceMean', [b.op('Abs', [outputError(context)]), b.ints([1])], { keepdims: 0 });
  };
}
