import { expect, test } from 'vitest';
import { cubicSchedule, linearSchedule } from '../../src/prune/schedule.js';

test('the cubic schedule follows Zhu and Gupta', () => {
  // s_f + (s_i - s_f) (1 - u)^3 with s_i = 0.1, s_f = 0.9: by hand.
  expect(cubicSchedule(0.1, 0.9, 0)).toBeCloseTo(0.1, 12);
  expect(cubicSchedule(0.1, 0.9, 0.25)).toBeCloseTo(0.9 - 0.8 * 0.421875, 12);
  expect(cubicSchedule(0.1, 0.9, 0.5)).toBeCloseTo(0.8, 12);
});

test('a schedule ends exactly at the final sparsity and stays there', () => {
  expect(cubicSchedule(0, 0.9, 1)).toBe(0.9);
  expect(linearSchedule(0, 0.9, 1)).toBe(0.9);
  expect(cubicSchedule(0, 0.9, 2)).toBe(0.9);
  expect(linearSchedule(0.2, 0.9, -1)).toBeCloseTo(0.2, 12);
});

test('the linear schedule takes equal steps', () => {
  expect([0.25, 0.5, 0.75].map((u) => linearSchedule(0, 0.8, u))).toEqual(
    [0.2, 0.4, 0.6].map((s) => expect.closeTo(s, 12)),
  );
});
