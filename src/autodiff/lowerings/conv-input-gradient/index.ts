import type { GraphBuilder, Value } from '../../../onnx/builder.js';
import { dimsOf } from '../../emit.js';
import { type ChooseLowering, keyOfWindow, type LoweringQuestion, lower } from '../choice.js';
import { flipped } from './flipped.js';
import type { InputGradient, InputGradientProblem } from './problem.js';
import { transposed } from './transposed.js';

export type { InputGradient, InputGradientProblem } from './problem.js';

/** All ways to compute it, by name; `flipped` needs stride 1 and pads below the kernel's reach. */
export const INPUT_GRADIENTS = { flipped, transposed } as const satisfies Record<string, InputGradient>;

export type InputGradientName = keyof typeof INPUT_GRADIENTS;

/** The gradient of a convolution with respect to its input, by the way that is fastest for these shapes. */
export function convInputGradient(b: GraphBuilder, problem: InputGradientProblem, choose?: ChooseLowering): Value {
  const { dy, w, window, groups } = problem;
  const operands = { dy, w };
  const question: LoweringQuestion = {
    key: keyOfWindow('convolution input gradient', operands, window, groups),
    ways: canFlip(problem) ? ['flipped', 'transposed'] : ['transposed'],
    usual: chooseInputGradient(problem),
    operands,
    emit: (graph, given, way) =>
      INPUT_GRADIENTS[way as InputGradientName](graph, { ...problem, ...(given as typeof operands) }),
  };
  return lower(b, question, choose);
}

/** Which way, from the shapes alone (measured as for the weights' gradient). */
export function chooseInputGradient(problem: InputGradientProblem): InputGradientName {
  if (!canFlip(problem)) return 'transposed';
  const { w, window, groups } = problem;
  const { kernel, begin } = window;
  const perGroup = dimsOf(w)[1]!;
  const isDepthwise = groups > 1 && perGroup === 1;
  const isSmall =
    kernel.every((size) => size === 1) || (begin.some((amount) => amount > 0) && Math.max(...kernel) <= 3);
  // With few channels the turned convolution has too few rows to work on.
  return isSmall && (isDepthwise || perGroup >= 8) ? 'flipped' : 'transposed';
}

function canFlip({ window }: InputGradientProblem): boolean {
  const { kernel, strides, dilations, begin, end } = window;
  return kernel.every((size, axis) => {
    const reach = (size - 1) * dilations[axis]!;
    return strides[axis] === 1 && begin[axis]! <= reach && end[axis]! <= reach;
  });
}
