import { describe, expect, it } from 'vitest';
import { flatLayout } from '../../src/train/flat.js';
import { RunningStatistics } from '../../src/train/running-statistics.js';

const layout = flatLayout([
  { name: 'mean', dims: [1] },
  { name: 'variance', dims: [1] },
]);
const meanOf = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const varianceOf = (values: number[]): number => meanOf(values.map((value) => (value - meanOf(values)) ** 2));

describe('RunningStatistics', () => {
  it('blends batch mean and unbiased variance into the running ones', () => {
    const running = new RunningStatistics(layout, [{ momentum: 0.9, count: 4 }], Float32Array.of(1, 2));
    running.update([Float32Array.of(3, 6)]);
    expect(running.values[0]).toBeCloseTo(0.9 * 1 + 0.1 * 3, 6);
    expect(running.values[1]).toBeCloseTo(0.9 * 2 + 0.1 * 6 * (4 / 3), 6);
  });

  it('joins shards into the statistics of the whole batch', () => {
    const batch = [1, 2, 5, -3, 0.5, 4];
    const shards = [batch.slice(0, 3), batch.slice(3)].map((part) => Float32Array.of(meanOf(part), varianceOf(part)));
    const layers = [{ momentum: 0, count: 6 }];
    const running = new RunningStatistics(layout, layers, new Float32Array(2));
    running.update(shards);
    expect(running.values[0]).toBeCloseTo(meanOf(batch), 6);
    expect(running.values[1]).toBeCloseTo((varianceOf(batch) * 6) / 5, 5);
  });

  it('averages the running ones beside them, and has the average judged', () => {
    const statistics = new RunningStatistics(layout, [{ momentum: 0.5, count: 1 }], Float32Array.of(0, 0, 9, 9));
    statistics.update([Float32Array.of(4, 8)]);
    statistics.updateAverage(0);
    expect([...statistics.judged]).toEqual([2, 4]);
    statistics.update([Float32Array.of(4, 8)]);
    statistics.updateAverage(0.75);
    // Running 3 and 6; three parts of 2 and 4, one of these.
    expect([...statistics.values]).toEqual([3, 6, 2.25, 4.5]);
    expect([...statistics.judged]).toEqual([2.25, 4.5]);
  });

  it('has the running ones judged where nothing is averaged', () => {
    const statistics = new RunningStatistics(layout, [{ momentum: 0.5, count: 1 }], Float32Array.of(0, 0));
    statistics.update([Float32Array.of(4, 8)]);
    statistics.updateAverage(0.75);
    expect([...statistics.judged]).toEqual([2, 4]);
  });
});
