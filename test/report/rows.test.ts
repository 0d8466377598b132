import { parse } from 'papaparse';
import { expect, test } from 'vitest';
import { NO_PAINT } from '../../src/report/paint.js';
import { formatRows } from '../../src/report/rows.js';

const ROWS = {
  head: ['cell', 'value'],
  align: ['left', 'right'] as const,
  rows: [
    ['a[keep=0.1]', '1'],
    ['b|c, "d"', '22'],
  ],
};

test('a table is aligned for a terminal', () => {
  expect(formatRows(ROWS, 'text', NO_PAINT)).toBe('cell         value\na[keep=0.1]      1\nb|c, "d"        22');
});

test('Markdown keeps its columns and shows texts as they are', () => {
  expect(formatRows(ROWS, 'md', NO_PAINT)).toBe(
    '| cell | value |\n| --- | ---: |\n| a\\[keep=0.1\\] | 1 |\n| b\\|c, "d" | 22 |',
  );
});

test('CSV is read back by others', () => {
  expect(parse(formatRows(ROWS, 'csv', NO_PAINT)).data).toEqual([ROWS.head, ...ROWS.rows]);
});
