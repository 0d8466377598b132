import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatShare } from '../../src/report/units.js';

describe('numbers for people', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [56_300, '56.3 kB'],
    [999_499, '999 kB'],
    [999_999, '1.00 MB'],
    [1_726_000, '1.73 MB'],
    [2.68e9, '2.68 GB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [0, '0'],
    [999, '999'],
    [13_706, '13,706'],
    [1_234_567, '1,234,567'],
  ])('%d is %s', (count, text) => expect(formatCount(count)).toBe(text));

  it.each([
    [0.0191, '0.019 ms'],
    [0.1034, '0.103 ms'],
    [5.05, '5.05 ms'],
    [17.99, '18.0 ms'],
    [654, '654 ms'],
    [12_345, '12.3 s'],
    [99_949, '99.9 s'],
    [99_950, '1m 40s'],
    [245_000, '4m 05s'],
    [3_660_000, '1h 01m'],
  ])('%d ms are %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it('a share is a percentage with one digit', () => expect(formatShare(0.207)).toBe('20.7%'));
});
