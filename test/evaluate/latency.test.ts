import { expect, it } from 'vitest';
import { measureLatency } from '../../src/evaluate/latency.js';

/** A clock that each run moves on by the next duration. */
function scripted(durations: number[]) {
  let now = 0;
  let next = 0;
  return {
    now: () => now,
    run: async () => {
      now += durations[next++] ?? 0;
    },
  };
}

it('takes nearest-rank percentiles of the timed runs and leaves warm-up runs out', async () => {
  const times = Array.from({ length: 20 }, (_, i) => 20 - i);
  const { now, run } = scripted([1000, 1000, ...times]);
  const latency = await measureLatency({ runs: 20, warmup: 2, batch: 4 }, run, now);
  expect(latency.latencyMs).toEqual({ p50: 10, p95: 19 });
  expect(latency.throughputPerS).toBeCloseTo((20 * 4 * 1000) / 210, 9);
});

it('gives the only time as every percentile of one run', async () => {
  const { now, run } = scripted([3]);
  const latency = await measureLatency({ runs: 1, warmup: 0, batch: 1 }, run, now);
  expect(latency.latencyMs).toEqual({ p50: 3, p95: 3 });
});
