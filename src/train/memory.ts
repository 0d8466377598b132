import type { Dataset } from '../data/dataset.js';
import { dataBytes } from '../data/memory.js';
import type { GraphBuilder } from '../onnx/builder.js';
import { weightBytes } from '../onnx/forward-bytes.js';
import { liveBytes } from '../onnx/live-bytes.js';

export interface TrainingNeeds {
  /** Forward pass, loss and gradient of one shard. */
  readonly b: GraphBuilder;
  /** All of which may be under way at a time, given as many cores. */
  readonly shards: number;
  /** Number of trained floats. */
  readonly size: number;
  readonly data: Dataset;
}

/**
 * What a training holds at its peak, in bytes, besides Node and onnxruntime; null where that is not known. The factors are fitted
 * to measured trainings (docs/results.md) such that the estimate is too large rather than too small: onnxruntime's arena
 * grows by doubling and keeps what it has, and of the weights there are gradients, moments, two states, a checkpoint, a best model,
 * and with two threads the pieces that each of them works on.
 */
export function trainingMemory({ b, shards, size, data }: TrainingNeeds): number | null {
  const live = liveBytes(b.graph, (name) => b.value(name));
  if (live === null) return null;
  return LOOP_BYTES + 4 * live * shards + 88 * size + 4 * weightBytes(b) + dataBytes(data);
}

/** Code, graphs and workers of the training loop. */
const LOOP_BYTES = 64 * 2 ** 20;
