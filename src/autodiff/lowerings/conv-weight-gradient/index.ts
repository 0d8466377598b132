import type { GraphBuilder, Value } from '../../../onnx/builder.js';
import { type ChooseLowering, keyOfWindow, type LoweringQuestion, lower } from '../choice.js';
import { batchAsGroups } from './batch-as-groups.js';
import { canTakeAsKernel, gradientAsKernel } from './gradient-as-kernel.js';
import { im2col } from './im2col.js';
import { isPlane, planeOf } from './plane.js';
import { sizesOf, type WeightGradient, type WeightGradientProblem } from './problem.js';
import { rows } from './rows.js';
import { separableShift } from './separable-shift.js';
import { tap } from './tap.js';

export type { WeightGradient, WeightGradientProblem } from './problem.js';

/** All ways to compute it, by name. */
export const WEIGHT_GRADIENTS = {
  batchAsGroups,
  gradientAsKernel,
  im2col,
  rows,
  separableShift,
  tap,
} as const satisfies Record<string, WeightGradient>;

export type WeightGradientName = keyof typeof WEIGHT_GRADIENTS;

/** The gradient of a convolution with respect to its weights, by the way that is fastest for these shapes. */
export function convWeightGradient(b: GraphBuilder, problem: WeightGradientProblem, choose?: ChooseLowering): Value {
  const { x, dy, window, groups } = problem;
  const operands = { x, dy };
  const question: LoweringQuestion = {
    key: keyOfWindow('convolution weight gradient', operands, window, groups),
    ways: possibleWeightGradients(problem),
    usual: chooseWeightGradient(problem),
    operands,
    emit: (graph, given, way) =>
      WEIGHT_GRADIENTS[way as WeightGradientName](graph, { ...problem, ...(given as typeof operands) }),
  };
  return lower(b, question, choose);
}

/** All ways that are right for a problem. */
export function possibleWeightGradients(problem: WeightGradientProblem): WeightGradientName[] {
  const isDepthwise = problem.groups > 1 && sizesOf(problem).cg === 1;
  return [
    ...(isDepthwise ? (['batchAsGroups'] as const) : []),
    ...(canTakeAsKernel(problem) ? (['gradientAsKernel'] as const) : []),
    'im2col',
    ...(isPlane(problem.window) ? (['rows', 'separableShift'] as const) : []),
    'tap',
  ];
}

/**
 * Which way, from the shapes alone: the same graph on every machine. The thresholds were measured on an AVX-512 CPU
 * with one thread; elsewhere another choice may be faster, none is wrong.
 */
export function chooseWeightGradient(problem: WeightGradientProblem): WeightGradientName {
  const { window, groups } = problem;
  const { k, cg, og } = sizesOf(problem);
  if (k > 1 && canTakeAsKernel(problem) && fillsBlocks(problem)) return 'gradientAsKernel';
  if (groups > 1 && cg === 1) return isPlane(window) && k <= 9 ? 'tap' : 'batchAsGroups';
  if (k === 1) return 'tap';
  if (!isPlane(window)) return cg >= 16 ? 'tap' : 'im2col';
  if (cg === 1) return 'im2col';
  const { kw, height, oh } = planeOf(window);
  // Both shift the columns of x; then rows copies C·kw planes for every kernel row, separableShift O planes, and its
  // product runs over the padding rows as well.
  if (cg >= 32 || kw * cg < og || height >= 1.3 * oh) return 'rows';
  return 'separableShift';
}

/** Outputs are filled up to whole blocks: more wasted work than this is more than the others lose by copying. */
function fillsBlocks(problem: WeightGradientProblem): boolean {
  const { o } = sizesOf(problem);
  const block = problem.block!;
  return o / (Math.ceil(o / block) * block) >= 0.75;
}
