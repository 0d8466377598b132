import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { drawMix, mixRows } from '../../../src/data/augment/mixup.js';

describe('mixup', () => {
  it('blends each row with its partner as it was', () => {
    const rows = Float32Array.of(1, 2, 10, 20, 100, 200);
    mixRows(rows, 2, { partner: Uint32Array.of(1, 2, 2), share: Float32Array.of(0.5, 0.75, 0.25) });
    expect([...rows]).toEqual([5.5, 11, 32.5, 65, 100, 200]);
  });

  it.each([0.1, 0.2, 1, 4])('draws shares from Beta(α, α) for α = %d, and every partner once', (alpha) => {
    const count = 4000;
    const { partner, share } = drawMix(count, alpha, new Random(9));
    expect([...partner].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
    const mean = share.reduce((sum, value) => sum + value, 0) / count;
    const variance = share.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    // Mean 1/2 and variance 1 / (4·(2α + 1)); four standard errors of a mean of 4,000.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(variance / count));
    expect(variance * 4 * (2 * alpha + 1)).toBeCloseTo(1, 0.9);
    expect(Math.min(...share)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...share)).toBeLessThanOrEqual(1);
  });

  it('survives an α near 0, where u^(1/α) underflows', () => {
    const { share } = drawMix(200, 1e-4, new Random(9));
    expect(share.every(Number.isFinite)).toBe(true);
  });
});
