import { expect, test } from 'vitest';
import type { PastRun } from '../../src/artifacts/past-runs.js';
import type { RunRecord } from '../../src/artifacts/run-record.js';
import { historyOf, historyRows } from '../../src/report/history.js';

const finished: PastRun = {
  id: '20260102-030405-aaaa',
  folder: '/r',
  record: {
    recipe: { name: 'digits' },
    status: 'gate-failed',
    startedAt: '2026-01-02T03:04:05.000Z',
    finishedAt: '2026-01-02T03:05:05.500Z',
    stages: [{ status: 'ran' }, { status: 'cached' }, { status: 'ran' }],
  } as unknown as RunRecord,
};

test('a run is told by its recipe, outcome, duration and how its cells ended', () => {
  expect(historyRows(historyOf([finished])).rows).toEqual([
    ['20260102-030405-aaaa', '2026-01-02 03:04:05', 'digits', 'gate-failed', '60.5 s', '2 ran, 1 cached'],
  ]);
});

test('a run without a record is unfinished', () => {
  expect(historyOf([{ ...finished, record: null }])).toMatchObject([
    { status: 'unfinished', durationMs: null, cells: {} },
  ]);
});
