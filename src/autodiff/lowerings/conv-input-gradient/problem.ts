import type { GraphBuilder, Value } from '../../../onnx/builder.js';
import type { Window } from '../../window.js';

/**
 * The gradient of a convolution with respect to its input:
 * dx[n, c, q] = Σ_o Σ_k dy[n, o, p] · w[o, c, k] over all p, k with p·stride + k·dilation − pad = q, per group.
 */
export interface InputGradientProblem {
  /** [N, O, ...output] */
  readonly dy: Value;
  /** [O, C / groups, ...kernel] */
  readonly w: Value;
  readonly window: Window;
  readonly groups: number;
}

/** One way to compute it; the result is [N, C, ...image]. */
export type InputGradient = (b: GraphBuilder, problem: InputGradientProblem) => Value;
