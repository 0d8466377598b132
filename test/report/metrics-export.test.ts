import { expect, test } from 'vitest';
import type { RunRecord, StageRecord } from '../../src/artifacts/run-record.js';
import type { Json } from '../../src/core/canonical-json.js';
import { curveFiles, metricsTsv } from '../../src/report/metrics-export.js';

function record(metrics: Record<string, Record<string, Json>>): RunRecord {
  const stages = Object.entries(metrics).map(([cell, values]) => ({
    cell,
    uses: 'train',
    status: 'ran',
    metrics: values,
  }));
  return { stages: stages as unknown as StageRecord[] } as unknown as RunRecord;
}

test('numbers are listed one a line, percentiles by name, tables not at all', () => {
  const metrics = {
    accuracy: 0.9,
    split: 'test',
    latencyMs: { p50: 0.1, runs: 100 },
    perClass: { 0: 1 },
    confusion: [[1]],
  };
  expect(metricsTsv(record({ 'pruned[keep=0.1]': metrics }))).toBe(
    'cell\tmetric\tvalue\npruned[keep=0.1]\taccuracy\t0.9\npruned[keep=0.1]\tlatencyMs.p50\t0.1\n',
  );
});

test('a curve is a CSV with the step first, empty where nothing was measured', () => {
  const history = [
    { epoch: 1, step: 10, loss: 0.5, validationLoss: null },
    { epoch: 2, step: 20, loss: 0.25, validationLoss: 0.3, note: 'a, "b"' },
  ];
  expect(curveFiles(record({ 'tuned[keep=0.1]': { history } }))).toEqual(
    new Map([['tuned[keep=0.1].csv', 'step,epoch,loss,validationLoss,note\n10,1,0.5,,\n20,2,0.25,0.3,"a, ""b"""\n']]),
  );
});

test('what is no list of measurements is no curve, and no cell’s id leaves the folder', () => {
  const history = [{ step: 1 }];
  const files = curveFiles(record({ a: { history: [] }, b: { history: 3 }, c: {}, '../d/ü:*': { history } }));
  expect([...files.keys()]).toEqual(['..%2Fd%2F%C3%BC%3A_.csv']);
});
