import { expect, test } from 'vitest';
import type { RunRecord, StageRecord } from '../../src/artifacts/run-record.js';
import type { Json } from '../../src/core/canonical-json.js';
import { curveFiles, metricsTsv, tensorboardFiles } from '../../src/report/metrics-export.js';
import { eventFile } from '../../src/report/tensorboard.js';

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
  expect([...files.keys()]).toEqual(['%2E.%2Fd%2F%C3%BC%3A_.csv']);
  // A folder for each cell; half a character has no code.
  const folders = tensorboardFiles({
    ...record({ '..': { steps: { step: [1], loss: [1] } }, '\ud800': { steps: { step: [1], loss: [1] } } }),
    startedAt: '2026-01-01T00:00:00.000Z',
  });
  expect([...folders.keys()].map((path) => path.split('/')[0])).toEqual(['%2E.', '%EF%BF%BD']);
});

const STEPS = { loss: [2, 1.5], learningRate: [0.1, 0.05], step: [1, 2], note: ['a'] };

test('the numbers of single steps are a file of their own', () => {
  expect(curveFiles(record({ a: { steps: STEPS } }))).toEqual(
    new Map([['a.steps.csv', 'step,loss,learningRate\n1,2,0.1\n2,1.5,0.05\n']]),
  );
  expect(curveFiles(record({ a: { steps: 3 }, b: { steps: { loss: [1] } } })).size).toBe(0);
});

test('TensorBoard gets a folder for each cell, with the curves of epochs and steps', () => {
  const history = [{ step: 2, epoch: 1, loss: 1.75, accuracy: null }];
  const run = { ...record({ 'a[n=1]': { history, steps: STEPS }, b: {} }), startedAt: '2026-01-02T03:04:05.678Z' };
  const files = tensorboardFiles(run);
  expect([...files.keys()]).toEqual(['a[n=1]/events.out.tfevents.1767323045.lathe']);
  const point = (tag: string, step: number, value: number) => ({ tag, step, value });
  expect([...files.values()][0]).toEqual(
    eventFile(
      [
        point('epochs/epoch', 2, 1),
        point('epochs/loss', 2, 1.75),
        point('steps/loss', 1, 2),
        point('steps/learningRate', 1, 0.1),
        point('steps/loss', 2, 1.5),
        point('steps/learningRate', 2, 0.05),
      ],
      1767323045,
    ),
  );
});
