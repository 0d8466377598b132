import { setImmediate as nextTurn } from 'node:timers/promises';

export interface LatencyOptions {
  /** Timed runs. */
  readonly runs: number;
  /** Runs before the clock starts. */
  readonly warmup: number;
  /** Samples in each run. */
  readonly batch: number;
}

export interface Latency {
  /** Time of one run in ms: the median, and the 95th percentile (nearest rank). */
  readonly latencyMs: { readonly p50: number; readonly p95: number };
  /** Samples per second over all timed runs. */
  readonly throughputPerS: number;
}

/**
 * Times runs one after another.
 * @param run one run of the model
 * @param now a clock in ms
 */
export async function measureLatency(
  options: LatencyOptions,
  run: () => Promise<unknown>,
  now: () => number = () => performance.now(),
): Promise<Latency> {
  for (let i = 0; i < options.warmup; i++) await run();
  // A pending message must not be answered inside the first timed run.
  await nextTurn();
  const times: number[] = [];
  for (let i = 0; i < options.runs; i++) {
    const start = now();
    await run();
    times.push(now() - start);
  }
  const total = times.reduce((sum, time) => sum + time, 0);
  times.sort((a, b) => a - b);
  return {
    latencyMs: { p50: percentile(times, 0.5), p95: percentile(times, 0.95) },
    throughputPerS: total === 0 ? 0 : (options.batch * options.runs * 1000) / total,
  };
}

/** The smallest value that at least the given share of the sorted values does not exceed. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}
