import type { GraphBuilder, Value } from '../../../onnx/builder.js';
import type { Window } from '../../window.js';

/** The gradient of max pooling: every dy goes to the element of its window that equals y. */
export interface MaxPoolProblem {
  /** [N, C, ...image] */
  readonly x: Value;
  /** [N, C, ...output], the maxima. */
  readonly y: Value;
  readonly dy: Value;
  readonly window: Window;
  /** x is a Relu's output whose gradient nothing else needs: dy may be dropped where y is 0. */
  readonly isOverRelu: boolean;
}

/** One way to compute it; the result has the shape of x. */
export type MaxPoolGradient = (b: GraphBuilder, problem: MaxPoolProblem) => Value;
