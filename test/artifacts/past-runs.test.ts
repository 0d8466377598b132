import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findRun, pastRuns } from '../../src/artifacts/past-runs.js';
import type { RunRecord } from '../../src/artifacts/run-record.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const RECORD: RunRecord = {
  schema: 1,
  id: '',
  recipe: { file: '/r.yaml', name: 'r', digest: 'ab'.repeat(32) },
  seed: 0,
  status: 'succeeded',
  startedAt: '2026-01-01T00:00:00.000Z',
  finishedAt: '2026-01-01T00:00:09.000Z',
  runtime: { lathe: '0.1.0', node: 'v20.0.0', onnxruntime: '1.30.0', cpuClass: 'x64-avx2' },
  stages: [],
  exports: [],
  errors: [],
};

/** A folder of runs; the value is when each began within its second, null if it has no record. */
function runs(began: Record<string, string | null>): string {
  const folder = temporaryFolder({});
  for (const [id, ms] of Object.entries(began)) {
    mkdirSync(join(folder, id));
    const startedAt = `2026-01-01T00:00:00.${ms}Z`;
    if (ms !== null) writeFileSync(join(folder, id, 'run.json'), JSON.stringify({ ...RECORD, id, startedAt }));
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

test('without an earlier run there is nothing to compare the last one with', async () => {
  const problemOf = (folder: string) =>
    findRun(folder, 'last~1').catch(({ message }: Error) => message.replace(folder, '…'));
  expect(await problemOf(runs({}))).toBe(
    'There is no finished run in …. Run a recipe here first, or call this in the folder where you ran it.',
  );
  expect(await problemOf(runs({ '20260101-000001-aaaa': '000' }))).toBe(
    'There is one finished run in …, and "last~1" would be one before. `lathe history` lists the runs.',
  );
});

test.each<[what: string, content: string]>([
  ['cut off', JSON.stringify(RECORD).slice(0, -9)],
  ['null', 'null'],
  ['of a later version', JSON.stringify({ ...RECORD, schema: 2 })],
  ['without stages', JSON.stringify({ ...RECORD, stages: undefined })],
  ['with a stage that is none', JSON.stringify({ ...RECORD, stages: [7] })],
  ['with a recipe that is none', JSON.stringify({ ...RECORD, recipe: null })],
  ['that ended at no time', JSON.stringify({ ...RECORD, finishedAt: '2026-99-01T00:00:00.000Z' })],
  ['of a million levels', `{"x":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`],
])('a record %s is as good as none', async (_, content) => {
  const folder = runs({ '20260101-000001-aaaa': '000', '20260101-000002-bbbb': '000' });
  writeFileSync(join(folder, '20260101-000002-bbbb', 'run.json'), content);
  expect((await pastRuns(folder)).map(({ record }) => record !== null)).toEqual([false, true]);
  expect((await findRun(folder, 'last')).id).toBe('20260101-000001-aaaa');
});

test('a record that is a pipe, or larger than any, is not read', async () => {
  const folder = runs({ '20260101-000001-aaaa': null, '20260101-000002-bbbb': null });
  execFileSync('mkfifo', [join(folder, '20260101-000001-aaaa', 'run.json')]);
  const large = join(folder, '20260101-000002-bbbb', 'run.json');
  writeFileSync(large, '');
  truncateSync(large, 2 ** 40);
  expect((await pastRuns(folder)).map(({ record }) => record)).toEqual([null, null]);
});
