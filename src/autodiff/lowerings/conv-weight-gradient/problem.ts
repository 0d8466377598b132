import type { GraphBuilder, Value } from '../../../onnx/builder.js';
import { sizeOf } from '../../../onnx/tensor.js';
import { dimsOf } from '../../emit.js';
import type { Window } from '../../window.js';

/**
 * The gradient of a convolution with respect to its weights:
 * dW[o, c, k] = Σ_n Σ_p dy[n, o, p] · x[n, c, p·stride + k·dilation − pad], per group.
 */
export interface WeightGradientProblem {
  /** [N, C, ...image] */
  readonly x: Value;
  /** [N, O, ...output] */
  readonly dy: Value;
  readonly window: Window;
  readonly groups: number;
  /** Channels per block of the CPU's convolution kernels; null where it has none, or another device computes. */
  readonly block: number | null;
}

/** One way to compute it; the result is [O, C / groups, ...kernel]. */
export type WeightGradient = (b: GraphBuilder, problem: WeightGradientProblem) => Value;

export interface ProblemSizes {
  readonly n: number;
  readonly c: number;
  readonly o: number;
  /** Channels per group. */
  readonly cg: number;
  readonly og: number;
  readonly groups: number;
  /** Kernel positions. */
  readonly k: number;
  /** Output positions. */
  readonly p: number;
  /** [O, C / groups, ...kernel] */
  readonly weight: readonly number[];
}

export function sizesOf({ x, dy, window, groups }: WeightGradientProblem): ProblemSizes {
  const [n, c] = dimsOf(x) as [number, number];
  const o = dimsOf(dy)[1]!;
  return {
    n,
    c,
    o,
    cg: c / groups,
    og: o / groups,
    groups,
    k: sizeOf(window.kernel),
    p: sizeOf(window.output),
    weight: [o, c / groups, ...window.kernel],
  };
}

/** [N, channels, ...] as [N, groups, channels / groups, rest], or without the group axis where there is one group. */
export function grouped(dims: readonly number[], groups: number): number[] {
  const [n, channels, ...rest] = dims as [number, number, ...number[]];
  return groups === 1 ? [n, channels, ...rest] : [n, groups, channels / groups, ...rest];
}
