import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/core/package-root.js';
import { openDataset, readAll } from './support.js';

test('digits ships unchanged as scikit-learn has it', async () => {
  const bytes = await readFile(join(packageRoot(), 'pipelines/data/digits/digits.csv.gz'));
  expect(bytes.length).toBe(57_512);
  expect(createHash('sha256').update(bytes).digest('hex')).toMatchInlineSnapshot(
    `"46abec6b12486ad9e51943373abcf22bbea1b5a51a1619b361570d8893f1464a"`,
  );
});

test('digits holds 1,797 images of 8×8 in three parts by default', async () => {
  const data = await openDataset('digits', {});
  expect(data.inputShape).toEqual([1, 8, 8]);
  expect(data.target).toEqual({ kind: 'class', classes: 10 });
  expect([data.train.count, data.validation?.count, data.test?.count]).toEqual([1257, 180, 360]);
});

test('the first digit is a zero, its first row as in the file, divided by 16', async () => {
  const data = await openDataset('digits', { split: {}, normalize: 'unit' });
  expect(data.validation).toBeNull();
  const { x, y } = await readAll(data.train, data);
  expect(y.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect([...x.slice(0, 8)]).toEqual([0, 0, 5, 13, 9, 1, 0, 0].map((pixel) => pixel / 16));
});

test('the classes are as large as UCI says', async () => {
  const data = await openDataset('digits', { split: {} });
  const counts = Array<number>(10).fill(0);
  for (const label of (await readAll(data.train, data)).y) counts[label]!++;
  // Per class, from the optdigits.names file of the UCI repository (test part).
  expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
});

test('standardized training inputs have mean 0 and deviation 1', async () => {
  const data = await openDataset('digits', {});
  const { x } = await readAll(data.train, data);
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  expect(Math.abs(mean)).toBeLessThan(1e-6);
  expect(Math.abs(variance - 1)).toBeLessThan(1e-6);
});
