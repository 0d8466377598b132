import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import fc from 'fast-check';
import { layoutOf } from '../../../src/artifacts/layout.js';
import { lockDifferences } from '../../../src/artifacts/lock-differences.js';
import { type Lockfile, readLockfile } from '../../../src/artifacts/lockfile.js';
import { lockfileText } from '../../../src/artifacts/lockfile-text.js';
import { pastRuns } from '../../../src/artifacts/past-runs.js';
import { recentRecords } from '../../../src/artifacts/recent-records.js';
import type { RunRecord } from '../../../src/artifacts/run-record.js';
import { Store } from '../../../src/artifacts/store.js';
import { surveyCache } from '../../../src/artifacts/survey.js';
import type { Json } from '../../../src/core/canonical-json.js';
import { UserError } from '../../../src/core/errors.js';
import { sha256 } from '../../../src/core/hash.js';
import { explainChanges } from '../../../src/plan/explain.js';
import { comparedLockfile, comparedRun, diffOf, diffRows } from '../../../src/report/diff.js';
import { historyOf, historyRows } from '../../../src/report/history.js';
import { curveFiles, metricRows, tensorboardFiles } from '../../../src/report/metrics-export.js';
import { stageFigures } from '../../../src/report/table.js';
import { FilledCache } from '../../support/filled-cache.js';
import { type ByteEdit, byteEdits, editBytes } from './bytes.js';
import type { Fuzzer } from './fuzzer.js';
import { editTree, type TreeEdit, treeEdits } from './tree.js';

type Kind = 'result' | 'run' | 'lockfile';
type Case = { readonly kind: Kind } & (
  | { readonly how: 'bytes'; readonly edits: readonly ByteEdit[] }
  | { readonly how: 'tree'; readonly edits: readonly TreeEdit[] }
);

/** Changed records of a cache, with a digest that fits; changed run records and lockfiles. @param root an empty folder */
export async function recordFuzzer(root: string): Promise<Fuzzer> {
  const cache = new FilledCache(join(root, 'inner'));
  await cache.put('a', 'the model');
  const result = (JSON.parse(readFileSync(cache.recordOf('a'), 'utf8')) as { record: Json }).record;
  const kind = fc.constantFrom<Kind>('result', 'run', 'lockfile');
  const cases: fc.Arbitrary<Case> = fc.oneof(
    fc.record({ kind, how: fc.constant('bytes' as const), edits: byteEdits }),
    fc.record({ kind, how: fc.constant('tree' as const), edits: treeEdits }),
  );
  const subjects = { result: DETAILED(result), run: RUN as unknown as Json, lockfile: LOCKFILE as unknown as Json };
  return {
    extension: 'json',
    make(seed) {
      const each = fc.sample(cases, { seed, numRuns: 1 })[0]!;
      const text = each.kind === 'lockfile' ? lockfileText(LOCKFILE, 'r.yaml') : JSON.stringify(subjects[each.kind]);
      const changed =
        each.how === 'bytes'
          ? editBytes(Buffer.from(text), each.edits, Buffer.from(text))
          : Buffer.from(JSON.stringify(editTree(subjects[each.kind], each.edits) ?? null));
      return { bytes: changed, context: each.kind };
    },
    async examine(bytes, context) {
      const outcome = await EXAMINERS[context as Kind](bytes, { cache, folder: root });
      const found = readdirSync(root).filter((name) => !['inner', 'runs', 'r.lock.yaml'].includes(name));
      if (found.length > 0) throw new Error(`internal: written outside: ${found.join(', ')}`);
      return `${context}: ${outcome}`;
    },
  };
}

interface Places {
  readonly cache: FilledCache;
  readonly folder: string;
}

const EXAMINERS: Readonly<Record<Kind, (bytes: Buffer, places: Places) => Promise<string>>> = {
  async result(bytes, { cache }) {
    const path = cache.recordOf('a');
    rmSync(path, { force: true });
    writeFileSync(
      path,
      Buffer.concat([Buffer.from(`{"digest":"${sha256(bytes)}","record":`), bytes, Buffer.from('}\n')]),
    );
    await surveyCache(cache.dir);
    const [recent] = await recentRecords(cache.dir, 1);
    if (recent !== undefined) {
      const { keyRecord: record, details = null } = recent;
      explainChanges({ record, details }, { record: { options: { keep: 0.1 } }, details: null });
    }
    const warnings: string[] = [];
    const store = new Store(cache.dir, { onWarning: (message) => warnings.push(message) });
    const found = await store.lookup(cache.key('a'));
    if ((found === null) !== (warnings.length === 1)) throw new Error(`internal: ${warnings.length} warnings`);
    for (const model of Object.values(found?.outputs ?? {})) await store.materialize(model, join(cache.dir, 'x', 'y'));
    rmSync(join(cache.dir, 'x'), { recursive: true, force: true });
    rmSync(layoutOf(cache.dir).quarantine, { recursive: true, force: true });
    await cache.put('b', 'the model');
    return found === null ? 'a miss' : 'found';
  },
  async run(bytes, { folder }) {
    const runs = join(folder, 'runs');
    mkdirSync(join(runs, RUN.id), { recursive: true });
    writeFileSync(join(runs, RUN.id, 'run.json'), bytes);
    const past = await pastRuns(runs);
    historyRows(historyOf(past));
    const record = past[0]?.record ?? null;
    if (record === null) return 'none';
    metricRows(record);
    stageFigures(record);
    diffRows(diffOf(comparedRun(RUN), comparedRun(record)), 'a', 'b');
    for (const name of [...curveFiles(record).keys(), ...tensorboardFiles(record).keys()]) {
      if (normalize(name).startsWith('..') || name.startsWith('/')) throw new Error(`internal: a file "${name}"`);
    }
    return 'read';
  },
  async lockfile(bytes, { folder }) {
    const path = join(folder, 'r.lock.yaml');
    writeFileSync(path, bytes);
    const read = await readLockfile(path);
    if (read === null) throw new UserError('LOCK_MISSING', 'There is none.', '');
    lockDifferences(LOCKFILE, read);
    diffRows(diffOf(comparedLockfile(LOCKFILE, 'a'), comparedLockfile(read, 'b')), 'a', 'b');
    lockfileText(read, 'r.yaml');
    return 'read';
  },
};

const DIGEST = 'ab'.repeat(32);

const DETAILED = (result: Json): Json => ({
  ...(result as Record<string, Json>),
  metrics: { accuracy: 0.9, latencyMs: { p50: 1 }, confusion: [[1, 2]] },
  details: { contents: { [DIGEST]: { files: ['a', 'b'] } }, names: { '/inputs/model': 'baseline' } },
  chosen: { best: 'pruned[keep=0.1]' },
});

const RUN: RunRecord = {
  schema: 1,
  id: '20260101-000001-aaaa',
  recipe: { file: '/r.yaml', name: 'r', digest: DIGEST },
  seed: 7,
  status: 'gate-failed',
  startedAt: '2026-01-02T03:04:05.678Z',
  finishedAt: '2026-01-02T03:05:05.000Z',
  runtime: { lathe: '0.1.0', node: 'v20.0.0', onnxruntime: '1.30.0', cpuClass: 'x64-avx2' },
  stages: [
    {
      ...{ id: 'a', cell: 'a[lr=0.1]', uses: 'train', provider: 'cpu', status: 'ran', key: DIGEST, why: 'new' },
      durationMs: 12.5,
      options: { epochs: 2, optimizer: { sgd: { lr: 0.1 } } },
      inputs: { model: DIGEST },
      outputs: { model: { digest: DIGEST, bytes: 3, path: '/c/x' } },
      metrics: {
        ...{ accuracy: 0.9, parameters: 7, latencyMs: { p50: 1, p95: 2 } },
        history: [{ epoch: 1, step: 10, loss: 0.5 }],
        steps: { step: [1, 2], loss: [2, 1] },
      },
      gates: [{ metric: 'accuracy', op: 'min', limit: 0.95, actual: 0.9, passed: false }],
      error: { code: 'A', class: 'stage', message: 'm', fix: '', place: 'r.yaml:1:2', stack: null },
    },
  ],
  exports: [{ name: 'm', from: 'a', path: '/m.onnx', bytes: 3, digest: DIGEST }],
  errors: [],
};

const LOCKFILE: Lockfile = {
  version: 1,
  recipe: { name: 'r', digest: DIGEST },
  runtime: { lathe: '0.1.0', onnxruntime: '1.30.0', provider: 'cpu', cpuClass: 'x64-avx2' },
  plugins: { './p.ts': DIGEST },
  cells: {
    'pruned[keep=0.1]': {
      uses: 'prune',
      key: DIGEST,
      options: { keep: 0.1, select: { exclude: ['fc2'] }, note: 'yes' },
      outputs: { model: { digest: DIGEST, bytes: 3 } },
      metrics: { sparsity: 0.9, loss: 1e-7 },
    },
  },
};
