import { describe, expect, it } from 'vitest';
import { constantSchedule, cosineSchedule, type Schedule, stepSchedule } from '../../src/train/schedule.js';

/** Factors of a run of two epochs with five steps each. */
const factors = (schedule: Schedule): number[] =>
  Array.from({ length: 10 }, (_, step) => schedule({ step, steps: 10, stepsPerEpoch: 5 }));

const expectFactors = (schedule: Schedule, expected: number[]): void => {
  factors(schedule).forEach((factor, i) => {
    expect(factor).toBeCloseTo(expected[i]!, 12);
  });
};

describe('schedules', () => {
  it('constant stays at the base rate', () => {
    expectFactors(constantSchedule(), Array(10).fill(1));
  });

  it('warm-up rises in equal parts and its first step is not lost', () => {
    expectFactors(constantSchedule({ warmup: 0.8 }), [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('step drops after every so many epochs, a fraction of one included', () => {
    expectFactors(stepSchedule({ every: 1, factor: 0.1 }), [1, 1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1]);
    expectFactors(stepSchedule({ every: 0.6, factor: 0.5 }), [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]);
  });

  it('cosine falls along half a cosine to its final share', () => {
    const cosine = (step: number): number => 0.1 + 0.9 * 0.5 * (1 + Math.cos((Math.PI * step) / 10));
    expectFactors(
      cosineSchedule({ final: 0.1 }),
      Array.from({ length: 10 }, (_, step) => cosine(step)),
    );
    expect(cosineSchedule({ final: 0.1 })({ step: 10, steps: 10, stepsPerEpoch: 5 })).toBeCloseTo(0.1, 12);
  });

  it('cosine begins its fall at the end of the warm-up', () => {
    const schedule = cosineSchedule({ warmup: 1 });
    expectFactors(schedule, [
      0.2,
      0.4,
      0.6,
      0.8,
      1,
      1,
      ...[1, 2, 3, 4].map((i) => 0.5 * (1 + Math.cos((Math.PI * i) / 5))),
    ]);
  });

  it('a warm-up longer than the run stays finite', () => {
    expect(factors(cosineSchedule({ warmup: 5 })).every(Number.isFinite)).toBe(true);
  });
});
