import { expect, test } from 'vitest';
import { parseUnit } from '../../src/core/units.js';

test.each([
  ['60k', 60_000],
  ['1.5M', 1_500_000],
  ['2Mi', 2_097_152],
  ['512', 512],
  ['10 kB', 10_000],
  ['1G', 1_000_000_000],
])('the size %s is %d bytes', (text, bytes) => {
  expect(parseUnit(text, 'bytes')).toBe(bytes);
});

test.each([
  ['500ms', 500],
  ['90s', 90_000],
  ['20m', 1_200_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
])('the time %s is %d ms', (text, ms) => {
  expect(parseUnit(text, 'duration')).toBe(ms);
});

test('a percentage is the very number that its fraction is, so that both make the same cache key', () => {
  for (let tenths = 0; tenths <= 1000; tenths++) {
    // The literal as YAML reads it: 12.5% beside 0.125.
    const literal = Number(`${Math.floor(tenths / 1000)}.${String(tenths % 1000).padStart(3, '0')}`);
    expect(parseUnit(`${Math.floor(tenths / 10)}.${tenths % 10}%`, 'ratio')).toBe(literal);
  }
});

test.each([
  ['60x', 'bytes'],
  ['k', 'bytes'],
  ['-1k', 'bytes'],
  ['20', 'duration'],
  ['m20', 'duration'],
  ['1', 'ratio'],
  ['%', 'ratio'],
  ['', 'bytes'],
] as const)('"%s" is no %s', (text, unit) => {
  expect(parseUnit(text, unit)).toBeUndefined();
});
