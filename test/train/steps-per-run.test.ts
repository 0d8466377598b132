import { describe, expect, it } from 'vitest';
import { stepsPerRun } from '../../src/train/steps-per-run.js';

const SMALL = { macs: 1e5, bytes: 1e4, isWatched: false };

describe('stepsPerRun', () => {
  it('puts many steps of a small network into a run', () => {
    expect(stepsPerRun(SMALL)).toBe(64);
  });

  it('makes one step at a time where that takes long, or where batches are large', () => {
    expect(stepsPerRun({ ...SMALL, macs: 7e8 })).toBe(1);
    expect(stepsPerRun({ ...SMALL, macs: 6e7 })).toBe(20);
    expect(stepsPerRun({ ...SMALL, bytes: 1 << 21 })).toBe(8);
    expect(stepsPerRun({ ...SMALL, bytes: 1 << 30 })).toBe(1);
  });

  it('makes one step at a time where each is watched', () => {
    expect(stepsPerRun({ ...SMALL, isWatched: true })).toBe(1);
  });
});
