import type { GraphBuilder, Value } from '../onnx/builder.js';

/** λ Σ|w| over the penalized parameters. */
export interface L1Regularizer {
  readonly kind: 'l1';
  readonly lambda: number;
  /** 'proximal' gives exact zeros; 'subgradient' adds λ·sign(w) to the gradient and only gets near 0. */
  readonly method: 'proximal' | 'subgradient';
  /** Names of the penalized parameters; default every weight, no bias and no norm. */
  readonly parameters?: ReadonlySet<string>;
}

/** gradient + λ·sign(w), with sign(0) = 0. @param penalized float32 [n], λ where penalized, else 0 */
export function addSubgradient(b: GraphBuilder, gradient: Value, parameters: Value, penalized: Value): Value {
  return b.op('Add', [gradient, b.op('Mul', [b.op('Sign', [parameters]), penalized])]);
}

/**
 * Soft thresholding, sign(u)·max(|u| − t, 0), written u − clip(u, −t, t): exactly +0 where |u| <= t, and u itself where t is 0.
 * @param threshold [n] or [1], >= 0: learning rate · λ. Under Adam too: the step is not preconditioned.
 * Source: Parikh & Boyd 2014, "Proximal Algorithms", 6.5.2.
 */
export function softThreshold(b: GraphBuilder, u: Value, threshold: Value): Value {
  const negative = b.op('Mul', [threshold, b.scalar(-1)]);
  return b.op('Sub', [u, b.op('Max', [b.op('Min', [u, threshold]), negative])]);
}
