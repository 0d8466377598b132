import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  constantSchedule,
  cosineSchedule,
  exponentialSchedule,
  linearSchedule,
  oneCycleSchedule,
  polynomialSchedule,
  type Schedule,
  stepSchedule,
} from '../../src/train/schedule.js';

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

  it('linear falls straight from the end of the warm-up', () => {
    expectFactors(linearSchedule({ warmup: 1 }), [0.2, 0.4, 0.6, 0.8, 1, 1, 0.8, 0.6, 0.4, 0.2]);
  });

  it('one-cycle is at the top at once where there is no room to rise', () => {
    const factorsOf = (steps: number, rise: number): number[] =>
      Array.from({ length: steps }, (_, step) =>
        oneCycleSchedule({ rise, start: 0.1, final: 0 })({ step, steps, stepsPerEpoch: 5 }),
      );
    expect(factorsOf(1, 0.3)).toEqual([1]);
    expect(factorsOf(2, 0.3)).toEqual([1, 0]);
    expect(factorsOf(3, 0)).toEqual([1, expect.closeTo(0.5), 0]);
    expect(factorsOf(3, 1)).toEqual([expect.closeTo(0.1), expect.closeTo(0.55), 1]);
  });

  it('a warm-up longer than the run stays finite', () => {
    expect(factors(cosineSchedule({ warmup: 5 })).every(Number.isFinite)).toBe(true);
    expect(factors(polynomialSchedule({ power: 0.5, warmup: 5 })).every(Number.isFinite)).toBe(true);
  });
});

interface Reference {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly cases: Record<string, number[]>;
}

// Made by test/fixtures/generate/train-schedules.py.
const reference = JSON.parse(
  readFileSync(new URL('../fixtures/train/schedules.json', import.meta.url), 'utf8'),
) as Reference;
const SCHEDULES: Record<string, Schedule> = {
  step: stepSchedule({ every: 2, factor: 0.1 }),
  exponential: exponentialSchedule({ factor: 0.8 }),
  linear: linearSchedule({ final: 0.1 }),
  polynomial: polynomialSchedule({ power: 2 }),
  cosine: cosineSchedule({ final: 0.1 }),
  oneCycle: oneCycleSchedule({ rise: 0.3, start: 0.04, final: 4e-6 }),
  'oneCycle, top between two steps': oneCycleSchedule({ rise: 0.47, start: 0.1, final: 0.002 }),
};

describe('twenty steps have the rates of PyTorch:', () => {
  it.each(Object.entries(reference.cases))('%s', (name, expected) => {
    const { steps, stepsPerEpoch } = reference;
    expected.forEach((rate, step) => {
      expect(SCHEDULES[name]!({ step, steps, stepsPerEpoch })).toBeCloseTo(rate, 10);
    });
  });
});
