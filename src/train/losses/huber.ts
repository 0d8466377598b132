import type { Loss } from './loss.js';
import { outputError } from './loss.js';

export interface HuberOptions {
  /** Errors up to this size count by their square, larger ones by their size. */
  readonly delta?: number;
}

/**
 * Mean over a sample's outputs of e²/2 where |e| <= δ, else δ·(|e| − δ/2), for e = output − target.
 * Written c·(e − c/2) with c = clip(e, −δ, δ), which is also its derivative. With δ = 1 it is PyTorch's SmoothL1Loss.
 * Source: Huber 1964, "Robust Estimation of a Location Parameter"; PyTorch's HuberLoss.
 */
export function huber({ delta = 1 }: HuberOptions = {}): Loss {
  return (context) => {
    const { b } = context;
    const error = outputError(context);
    const clipped = b.op('Clip', [error, b.scalar(-delta), b.scalar(delta)]);
    const rest = b.op('Sub', [error, b.op('Mul', [clipped, b.scalar(0.5)])]);
    return b.op('ReduceMean', [b.op('Mul', [clipped, rest]), b.ints([1])], { keepdims: 0 });
  };
}
