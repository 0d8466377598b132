import { describe, expect, it } from 'vitest';
import { stepsPerRun } from '../../src/train/steps-per-run.js';

const SMALL = { macs: 1e5, stateBytes: 1e5, bytes: 1e4, isWatched: false };

describe('stepsPerRun', () => {
  it('puts many steps of a small network into a run', () => {
    expect(stepsPerRun(SMALL)).toBe(64);
  });

  it('puts together what makes the copies of the state small beside the steps', () => {
    const convolutional = { ...SMALL, macs: 4e8, stateBytes: 1e6 };
    expect(stepsPerRun(convolutional)).toBe(4);
    expect(stepsPerRun({ ...convolutional, macs: 2e9 })).toBe(1);
    expect(stepsPerRun({ ...convolutional, stateBytes: 5e6 })).toBe(6);
  });

  it('makes one step at a time where that takes long, or where batches are large', () => {
    const dense = { ...SMALL, macs: 6e8, stateBytes: 1e8 };
    expect(stepsPerRun(dense)).toBe(10);
    expect(stepsPerRun({ ...dense, macs: 4e9 })).toBe(1);
    expect(stepsPerRun({ ...SMALL, bytes: 1 << 21 })).toBe(8);
    expect(stepsPerRun({ ...SMALL, bytes: 1 << 30 })).toBe(1);
  });

  it('makes one step at a time where each is watched', () => {
    expect(stepsPerRun({ ...SMALL, isWatched: true })).toBe(1);
  });
});
