import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findRun, pastRuns } from '../../src/artifacts/past-runs.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A folder of runs; the value is when each began within its second, null if it has no record. */
function runs(began: Record<string, string | null>): string {
  const folder = temporaryFolder({});
  for (const [id, ms] of Object.entries(began)) {
    mkdirSync(join(folder, id));
    const startedAt = `2026-01-01T00:00:00.${ms}Z`;
    if (ms !== null) writeFileSync(join(folder, id, 'run.json'), JSON.stringify({ schema: 1, id, startedAt }));
  }
  return folder;
}

const RUNS = {
  '20260101-000001-aaaa': '000',
  '20260101-000002-bbbb': '900',
  '20260101-000002-cccc': '100',
  '20260101-000003-dddd': null,
};

test('runs are listed with the latest first, also within a second, and those without a record', async () => {
  const found = await pastRuns(runs(RUNS));
  expect(found.map(({ id, record }) => [id.slice(-4), record !== null])).toEqual([
    ['dddd', false],
    ['bbbb', true],
    ['cccc', true],
    ['aaaa', true],
  ]);
  expect(await pastRuns('/nowhere/at/all')).toEqual([]);
});

test.each([
  ['last', 'bbbb'],
  ['last~1', 'cccc'],
  ['last~2', 'aaaa'],
  ['20260101-000002-c', 'cccc'],
  ['20260101-000001-aaaa', 'aaaa'],
])('%s is the run …%s', async (reference, id) => {
  expect((await findRun(runs(RUNS), reference)).id.slice(-4)).toBe(id);
});

test.each([
  ['last~3', 'There are 3 finished runs'],
  ['20260101-000002', 'Several runs begin with'],
  ['20260101-000003', 'has not ended'],
  ['20260101-000004-eeee', 'There is no run'],
])('%s is refused: %s', async (reference, problem) => {
  await expect(findRun(runs(RUNS), reference)).rejects.toMatchObject({
    code: 'RUN_REFERENCE',
    message: expect.stringContaining(problem),
  });
});
