import type { GraphBuilder } from '../onnx/builder.js';
import { forwardMacs } from './forward-macs.js';

export interface ShardFacts {
  /** Samples a step. */
  readonly batch: number;
  /** Number of trained floats. */
  readonly size: number;
  /** How often the graph is computed in a step. Default 1. */
  readonly passes?: number;
}

/**
 * How many shards a batch is split into where the recipe is silent: 2 if the convolutions of one forward pass over it take
 * at least MANY_MACS multiplications, or all its products together do and each weight takes part in MANY_USES of them;
 * else 1. Below that exchanging the gradients costs more than a second core gains. A rule over shapes, not a measurement:
 * the result depends on the number.
 * @param forward graph with static shapes, for what goes through at a time
 */
export function chooseShards(forward: GraphBuilder, { batch, size, passes = 1 }: ShardFacts): number {
  if (batch % 2 !== 0 || batch < 4) return 1;
  const macs = forwardMacs(forward);
  const [convolutions, all] = [passes * macs.convolutions, passes * macs.all];
  return convolutions >= MANY_MACS || (all >= MANY_MACS && all >= MANY_USES * size) ? 2 : 1;
}

// lenet-cifar at batch 64 has 38 million and gains almost a factor of 2; 8×8 digits have some hundred thousand.
const MANY_MACS = 8e6;
// A transformer block with 16 × 64 tokens uses each weight 1,000 times and gains as much; a dense network uses each 64
// times with a batch of 64, and loses.
const MANY_USES = 250;
