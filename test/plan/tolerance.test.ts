import { describe, expect, it, test } from 'vitest';
import { defaultTolerance, isWithin, parseTolerances } from '../../src/plan/tolerance.js';

describe('a tolerance', () => {
  it.each([
    ['accuracy=0.02', { absolute: 0.02, relative: 0 }],
    ['accuracy=2%', { absolute: 0, relative: 0.02 }],
    ['accuracy=0', { absolute: 0, relative: 0 }],
  ])('%s', (text, tolerance) => {
    expect(parseTolerances([text], ['accuracy', 'loss'])).toEqual(new Map([['accuracy', tolerance]]));
  });

  it.each([
    ['accuracy', '"accuracy" is no tolerance.'],
    ['accuracy=', '"accuracy=" is no tolerance.'],
    ['=1', '"=1" is no tolerance.'],
    ['accuracy=-1', '"accuracy=-1" is no tolerance.'],
    ['accuracy=much', '"accuracy=much" is no tolerance.'],
    ['acuracy=1', 'The lockfile has no metric "acuracy". Did you mean "accuracy"?'],
  ])('%s is refused', (text, problem) => {
    expect(() => parseTolerances([text], ['accuracy', 'loss'])).toThrow(problem);
  });
});

test.each([
  [0.97, 0.96, { absolute: 0.01, relative: 0 }, true],
  [0.97, 0.9599, { absolute: 0.01, relative: 0 }, false],
  [200, 190, { absolute: 0, relative: 0.05 }, true],
  [200, 189, { absolute: 0, relative: 0.05 }, false],
  [-2, -2.1, { absolute: 0, relative: 0.05 }, true],
  [0, 0.005, { absolute: 0.01, relative: 0.1 }, true],
  [13706, 13706, { absolute: 0, relative: 0 }, true],
])('%d is as near to %d as %j allows: %s', (locked, actual, tolerance, expected) => {
  expect(isWithin(locked, actual, tolerance)).toBe(expected);
});

test('a share may be off by a point, a count by a fiftieth', () => {
  expect(defaultTolerance({ unit: 'ratio' })).toEqual({ absolute: 0.01, relative: 0 });
  expect(defaultTolerance({ unit: 'count' })).toEqual({ absolute: 0, relative: 0.02 });
  expect(defaultTolerance({ unit: '' })).toEqual({ absolute: 0, relative: 0.1 });
});
