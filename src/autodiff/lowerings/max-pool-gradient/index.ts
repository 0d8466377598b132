import type { GraphBuilder, Value } from '../../../onnx/builder.js';
import { mul, step } from '../../emit.js';
import { blocks } from './blocks.js';
import type { MaxPoolGradient, MaxPoolProblem } from './problem.js';
import { taps } from './taps.js';

export type { MaxPoolGradient, MaxPoolProblem } from './problem.js';

/** All ways to compute it, by name; `blocks` needs windows that tile the image. */
export const MAX_POOL_GRADIENTS = { blocks, taps } as const satisfies Record<string, MaxPoolGradient>;

export type MaxPoolGradientName = keyof typeof MAX_POOL_GRADIENTS;

/** The gradient of max pooling with respect to its input, by the way that is fastest for these shapes. */
export function routeToMaxima(b: GraphBuilder, problem: MaxPoolProblem): Value {
  const dy = problem.isOverRelu ? mul(b, step(b, problem.y), problem.dy) : problem.dy;
  return MAX_POOL_GRADIENTS[chooseMaxPoolGradient(problem)](b, { ...problem, dy });
}

export function chooseMaxPoolGradient({ window }: MaxPoolProblem): MaxPoolGradientName {
  const { kernel, strides, dilations, begin, end } = window;
  const tiles = kernel.every(
    (size, axis) => strides[axis] === size && dilations[axis] === 1 && begin[axis] === 0 && end[axis]! <= 0,
  );
  return tiles ? 'blocks' : 'taps';
}
