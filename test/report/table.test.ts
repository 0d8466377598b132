import { describe, expect, it } from 'vitest';
import type { RunRecord, StageRecord } from '../../src/artifacts/run-record.js';
import { NO_PAINT } from '../../src/report/paint.js';
import { formatTable } from '../../src/report/table.js';

function stage(cell: string, facts: Partial<StageRecord> = {}): StageRecord {
  return {
    id: cell.replace('.measure', ''),
    cell,
    uses: 'train',
    provider: 'cpu',
    status: 'ran',
    key: null,
    why: '',
    durationMs: 12_345,
    options: {},
    inputs: {},
    outputs: {},
    metrics: {},
    gates: [],
    error: null,
    ...facts,
  };
}

function table(stages: StageRecord[], facts: Partial<RunRecord> = {}): string {
  const record: RunRecord = {
    schema: 1,
    id: 'r',
    recipe: { file: '/home/me/recipe.yaml', name: 'lenet', digest: '' },
    seed: 7,
    status: 'succeeded',
    startedAt: '2026-01-01T00:00:00.000Z',
    finishedAt: '2026-01-01T00:01:15.500Z',
    runtime: { lathe: '0', node: 'v20', onnxruntime: '1', cpuClass: 'x64' },
    stages,
    exports: [],
    errors: [],
    ...facts,
  };
  return formatTable(record, { paint: NO_PAINT, folder: '/home/me' });
}

describe('the table of a run', () => {
  it('shows the figures that measure added behind each stage, gates, exports, and what the run came to', () => {
    const measured = (cell: string, accuracy: number, nonzero: number, bytes: number) =>
      stage(`${cell}.measure`, {
        metrics: {
          accuracy,
          parameters: 431_080,
          nonzeroParameters: nonzero,
          modelBytes: bytes,
          gzipBytes: bytes / 2,
          latencyMs: { p50: 0.1034, p95: 0.2 },
        },
      });
    const text = table(
      [
        stage('baseline', { metrics: { accuracy: 0.999 } }),
        measured('baseline', 0.9071, 431_080, 1_726_000),
        stage('pruned', { status: 'cached' }),
        {
          ...measured('pruned', 0.9012, 43_108, 1_726_000),
          gates: [
            { metric: 'accuracy', op: 'maxDrop', limit: 0.01, actual: 0.0059, passed: true },
            { metric: 'gzipBytes', op: 'max', limit: 60_000, actual: 863_000, passed: false },
          ],
        },
      ],
      {
        status: 'gate-failed',
        exports: [{ name: 'model', from: 'pruned', path: '/home/me/dist/model.onnx', bytes: 1_726_100, digest: '' }],
      },
    );
    expect(`\n${text}\n`).toMatchInlineSnapshot(`
      "
      stage             accuracy  parameters  nonzero    bytes  gzipped  latency p50
      baseline  12.3 s     90.7%     431,080   100.0%  1.73 MB   863 kB     0.103 ms
      pruned    cached     90.1%     431,080    10.0%  1.73 MB   863 kB     0.103 ms

      ✓  pruned  accuracy drops by <= 0.01  (0.0059)
      ✗  pruned  gzipBytes <= 60000         (863000)

      model: dist/model.onnx (pruned, 1.73 MB)

      A gate failed: 3 ran, 1 cached in 75.5 s
      "
    `);
  });

  it('has the mean squared error where targets are values', () => {
    const text = table([
      stage('base', { metrics: { loss: 0.5 } }),
      stage('base.measure', { metrics: { mse: 0.0257193 } }),
    ]);
    expect(text.split('\n').slice(0, 2)).toEqual(['stage              mse', 'base   12.3 s  0.02572']);
  });

  it('has a row for every cell of a sweep, and says which one was chosen', () => {
    const measured = (cell: string, accuracy: number) => [
      stage(cell, { outputs: { model: { digest: '', bytes: 1000, path: '' } } }),
      stage(`${cell}.measure`, { metrics: { accuracy } }),
    ];
    const front = ['keep=0.1', 'keep=0.2'].map((cell) => ({ cell, accuracy: 0.9 }));
    const text = table([
      ...measured('pruned[keep=0.2]', 0.92),
      ...measured('pruned[keep=0.1]', 0.9),
      stage('best', { metrics: { chosen: 'keep=0.1', candidates: 2, front, accuracy: 0.9 } }),
    ]);
    expect(`\n${text}\n`).toMatchInlineSnapshot(`
      "
      stage                     accuracy    bytes
      pruned[keep=0.2]  12.3 s     92.0%  1.00 kB
      pruned[keep=0.1]  12.3 s     90.0%  1.00 kB
      best              12.3 s     90.0%        –

      best: keep=0.1, out of 2; not beaten either: keep=0.2

      Done: 5 ran in 75.5 s
      "
    `);
  });

  it('leaves out columns of which nothing is known, and shows why a stage has no figures', () => {
    const text = table(
      [
        stage('make', { metrics: { sparsity: 0.25 } }),
        stage('bad', { status: 'failed' }),
        stage('make.measure', { status: 'failed' }),
        stage('after', { status: 'skipped' }),
      ],
      { status: 'failed' },
    );
    expect(`\n${text}\n`).toMatchInlineSnapshot(`
      "
      stage                  nonzero
      make          12.3 s     75.0%
      bad           failed         –
      make.measure  failed         –
      after         skipped        –

      Failed: 1 ran, 2 failed, 1 skipped in 75.5 s
      "
    `);
  });
});
