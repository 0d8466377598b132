import { expect, test } from 'vitest';
import { flatLayout } from '../../src/train/flat.js';
import { largeFirst, piecesOf } from '../../src/train/pieces.js';

const tensors = [
  { name: 'w1', dims: [100, 100] },
  { name: 'b1', dims: [100] },
  { name: 'w2', dims: [8192] },
  { name: 'b2', dims: [91] },
  { name: 'w3', dims: [91, 90] },
];

test('large tensors travel alone, all others together', () => {
  const layout = flatLayout(largeFirst(tensors));
  expect(layout.entries.map(({ name }) => name)).toEqual(['w1', 'w2', 'b1', 'b2', 'w3']);
  expect(piecesOf(layout)).toEqual([
    { start: 0, end: 10_000 },
    { start: 10_000, end: 18_192 },
    { start: 18_192, end: 18_192 + 100 + 91 + 8190 },
  ]);
});
