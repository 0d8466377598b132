import type { FlatLayout } from './flat.js';

/** What the running statistics of one batch normalization need besides the numbers. */
export interface StatisticsLayer {
  /** Weight of the old value, ONNX's `momentum` (PyTorch's is 1 minus it). */
  readonly momentum: number;
  /** Values per channel in the batch that is normalized together with all shards: N·H·W. */
  readonly count: number;
}

/**
 * The running mean and variance of all batch normalizations as one flat vector, two entries a layer.
 * A step's batch statistics come by shard; they are joined into those of the whole batch, so that the running ones do
 * not depend on the number of shards: mean of means, and mean of variances plus variance of means.
 * The running variance uses the unbiased estimate, as PyTorch does.
 * Where weights are averaged, so are the statistics: they have to suit each other.
 */
export class RunningStatistics {
  private readonly running: Float32Array;
  private readonly average: Float32Array | null;

  /**
   * @param layers one per pair of entries of the layout
   * @param values all there is to know, changed in place: the running statistics, then their average if there is one
   */
  constructor(
    private readonly layout: FlatLayout,
    private readonly layers: readonly StatisticsLayer[],
    readonly values: Float32Array,
  ) {
    this.running = values.subarray(0, layout.size);
    this.average = values.length > layout.size ? values.subarray(layout.size) : null;
  }

  /** What an inference with the weights that are judged uses: a view. */
  get judged(): Float32Array {
    return this.average ?? this.running;
  }

  /** @param shards one vector a shard, in the layout: batch means and population variances */
  update(shards: readonly Float32Array[]): void {
    this.layers.forEach(({ momentum, count }, layer) => {
      const mean = this.layout.entries[2 * layer]!;
      const variance = this.layout.entries[2 * layer + 1]!;
      const unbiased = count > 1 ? count / (count - 1) : 1;
      for (let channel = 0; channel < mean.size; channel++) {
        const joined = joinShards(shards, mean.offset + channel, variance.offset + channel);
        this.blend(mean.offset + channel, momentum, joined.mean);
        this.blend(variance.offset + channel, momentum, joined.variance * unbiased);
      }
    });
  }

  /** After a step's updates. @param decay share of the old average that stays */
  updateAverage(decay: number): void {
    const { average, running } = this;
    if (average === null) return;
    for (let at = 0; at < average.length; at++) average[at] = decay * average[at]! + (1 - decay) * running[at]!;
  }

  private blend(at: number, momentum: number, fresh: number): void {
    this.running[at] = momentum * this.running[at]! + (1 - momentum) * fresh;
  }
}

function joinShards(
  shards: readonly Float32Array[],
  meanAt: number,
  varianceAt: number,
): { mean: number; variance: number } {
  let mean = 0;
  let variance = 0;
  for (const shard of shards) mean += shard[meanAt]! / shards.length;
  for (const shard of shards) variance += (shard[varianceAt]! + (shard[meanAt]! - mean) ** 2) / shards.length;
  return { mean, variance };
}
