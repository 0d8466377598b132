import type { GraphBuilder, Value } from '../onnx/builder.js';

/** An exponential moving average of the weights, which is judged and given back instead of the weights themselves. */
export interface WeightAverage {
  /** Share of the old average that stays at each step, in [0, 1). */
  readonly decay: number;
  /** The first steps use a smaller decay, (1 + t) / (10 + t): a short run would not get away from its first weights. */
  readonly warmup: boolean;
}

/** Name of the state vector that holds it. */
export const AVERAGE_SLOT = 'average';

/**
 * What stays of the old average at a step: nothing at the first, which sets it to the weights.
 * @param step 1 for the first
 * Source of the warm-up: TensorFlow's ExponentialMovingAverage with num_updates; without it, PyTorch's AveragedModel with
 * an exponential avg_fn.
 */
export function averageDecay({ decay, warmup }: WeightAverage, step: number): number {
  if (step === 1) return 0;
  return warmup ? Math.min(decay, (1 + step) / (10 + step)) : decay;
}

/** decay·average + (1 − decay)·parameters. @param decay float32 [1] */
export function addToAverage(b: GraphBuilder, average: Value, parameters: Value, decay: Value): Value {
  const fresh = b.op('Sub', [b.scalar(1), decay]);
  return b.op('Add', [b.op('Mul', [average, decay]), b.op('Mul', [parameters, fresh])]);
}
