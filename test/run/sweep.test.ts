import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Store } from '../../src/artifacts/store.js';
import type { Json } from '../../src/core/canonical-json.js';
import { digestOf } from '../../src/core/hash.js';
import type { Cell, Plan } from '../../src/plan/plan.js';
import { type Executor, RunCancelled } from '../../src/run/executor.js';
import type { CollectedJobModel } from '../../src/run/job.js';
import { type FakeExecutor, fakeExecutor, type RigRun, runSketch, sketchPlan } from '../support/plan-rig.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lathe-sweep-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Three models, a choice between them, and a stage that goes on with the chosen one. */
function choicePlan(): Plan {
  const plan = sketchPlan(
    [{ id: 'm[n=1]' }, { id: 'm[n=2]' }, { id: 'm[n=3]' }, { id: 'best' }, { id: 'after', from: ['best'] }],
    [{ name: 'model', cell: 'best', slot: 'model', to: join(folder, 'model.onnx') }],
  );
  const labels = [1, 2, 3].map((n) => ({ n }));
  const cells = plan.cells.map((cell): Cell => {
    if (cell.id !== 'best') return cell;
    const cellOf = ({ n }: { n: number }) => `m[n=${n}]`;
    return {
      ...cell,
      definition: { ...cell.definition, collects: true, outputs: { model: { chosen: true } } },
      inputs: Object.fromEntries(
        labels.map((each) => [`collected:n=${each.n}`, { kind: 'cell', cell: cellOf(each), slot: 'model' }]),
      ),
      collected: Object.fromEntries(
        labels.map((each) => [
          `n=${each.n}`,
          { cell: cellOf(each), labels: each, metrics: { accuracy: { cell: cellOf(each), path: ['accuracy'] } } },
        ]),
      ),
      dependsOn: labels.map(cellOf),
    };
  });
  return { ...plan, cells };
}

/** Chooses the collected model with the highest accuracy; the models have those that are given. */
function choosing(accuracies: Readonly<Record<string, number>>, seen: CollectedJobModel[][] = []): FakeExecutor {
  const models = fakeExecutor(async ({ cell }) => ({
    model: `the model of ${cell}`,
    ...(cell in accuracies ? { metrics: { accuracy: accuracies[cell]! } } : {}),
  }));
  const execute: Executor['execute'] = async (job, options) => {
    const { collected } = job;
    if (collected === undefined) return models.execute(job, options);
    seen.push([...collected]);
    const [best] = [...collected].sort((a, b) => Number(b.metrics.accuracy) - Number(a.metrics.accuracy));
    return { outputs: {}, chosen: { model: best!.label }, metrics: { accuracy: best!.metrics.accuracy! } };
  };
  return { ...models, execute };
}

const run = (executor: Executor, options = {}): Promise<RigRun> =>
  runSketch(folder, choicePlan(), executor, {
    keyOf: (cell, inputs, metrics = {}) => {
      const record: Json = { options: cell.keyOptions, inputs, metrics, seed: cell.seed };
      return { key: digestOf(record), record };
    },
    ...options,
  });

const outputOf = ({ record }: RigRun, id: string) => record.stages.find(({ cell }) => cell === id)!.outputs.model;

describe('a stage that chooses', () => {
  it('gets the models with what it reads of them, and hands the chosen one on', async () => {
    const seen: CollectedJobModel[][] = [];
    const result = await run(choosing({ 'm[n=1]': 0.8, 'm[n=2]': 0.9, 'm[n=3]': 0.7 }, seen));
    expect(seen[0]!.map(({ label, labels, metrics }) => ({ label, labels, metrics }))).toEqual([
      { label: 'n=1', labels: { n: 1 }, metrics: { accuracy: 0.8 } },
      { label: 'n=2', labels: { n: 2 }, metrics: { accuracy: 0.9 } },
      { label: 'n=3', labels: { n: 3 }, metrics: { accuracy: 0.7 } },
    ]);
    expect(outputOf(result, 'best')).toEqual(outputOf(result, 'm[n=2]'));
    const after = result.record.stages.find(({ cell }) => cell === 'after')!;
    expect(after.inputs.model).toBe(outputOf(result, 'm[n=2]')!.digest);
    expect(result.record.exports).toMatchObject([{ from: 'best' }]);
  });

  it('makes the same choice from the cache, and runs nothing', async () => {
    const accuracies = { 'm[n=1]': 0.8, 'm[n=2]': 0.9, 'm[n=3]': 0.7 };
    const first = await run(choosing(accuracies));
    const second = await run(choosing({}));
    expect(second.statuses.every((status) => status.endsWith(' cached'))).toBe(true);
    expect(outputOf(second, 'best')).toEqual(outputOf(first, 'best'));
  });

  it('chooses anew when a metric that it reads changes, though all models are the same', async () => {
    await run(choosing({ 'm[n=1]': 0.8, 'm[n=2]': 0.9, 'm[n=3]': 0.7 }));
    const result = await run(choosing({ 'm[n=1]': 0.95, 'm[n=2]': 0.9, 'm[n=3]': 0.7 }), {
      isForced: ({ id }: Cell) => id.startsWith('m['),
    });
    expect(result.statuses).toContain('best ran');
    expect(outputOf(result, 'best')).toEqual(outputOf(result, 'm[n=1]'));
  });

  /** Fails the given cells. */
  const failing = (ids: readonly string[], executor: Executor): Executor => ({
    ...executor,
    execute: (job, options) =>
      ids.includes(job.cell) ? Promise.reject(new Error('internal: oh')) : executor.execute(job, options),
  });

  it('chooses among the cells that succeeded, and says which are left out', async () => {
    const seen: CollectedJobModel[][] = [];
    const executor = choosing({ 'm[n=1]': 0.8, 'm[n=2]': 0.9, 'm[n=3]': 0.7 }, seen);
    const result = await run(failing(['m[n=2]'], executor));
    expect(result.statuses).toEqual(['m[n=1] ran', 'm[n=2] failed', 'm[n=3] ran', 'best ran', 'after ran']);
    expect(seen[0]!.map(({ label }) => label)).toEqual(['n=1', 'n=3']);
    expect(outputOf(result, 'best')).toEqual(outputOf(result, 'm[n=1]'));
    expect(result.record.status).toBe('failed');
    expect(result.events.filter(({ type }) => type === 'warning')).toEqual([
      {
        type: 'warning',
        message: 'Stage best goes without 1 of the 3 cells that it collects, which have no result: n=2.',
      },
    ]);
  });

  it('chooses anew once the cell that failed has a result', async () => {
    const accuracies = { 'm[n=1]': 0.8, 'm[n=2]': 0.9, 'm[n=3]': 0.7 };
    await run(failing(['m[n=2]'], choosing(accuracies)));
    const result = await run(choosing(accuracies));
    expect(result.statuses).toEqual(['m[n=1] cached', 'm[n=2] ran', 'm[n=3] cached', 'best ran', 'after ran']);
    expect(outputOf(result, 'best')).toEqual(outputOf(result, 'm[n=2]'));
  });

  it('is skipped if all of its cells fail', async () => {
    const result = await run(failing(['m[n=1]', 'm[n=2]', 'm[n=3]'], choosing({})));
    expect(result.statuses.slice(3)).toEqual(['best skipped', 'after skipped']);
    expect(result.record.stages[3]!.why).toBe('needs m[n=1], which failed');
  });
});

it('tells how long a cell took, without the time that it waited for its turn', async () => {
  const slow = fakeExecutor(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return {};
  });
  const { record } = await runSketch(folder, sketchPlan([...'abcd'].map((id) => ({ id }))), slow, { jobs: 1 });
  const { key, durationMs } = record.stages.at(-1)!;
  const stored = await new Store(join(folder, 'cache')).peek(key!);
  expect(durationMs).toBe(stored!.durationMs);
});

describe('with failFast the first failure', () => {
  const BRANCHES = [{ id: 'bad' }, { id: 'slow' }, { id: 'waiting' }, { id: 'after', from: ['slow'] }];
  /** `slow` runs until it is told to stop; `bad` fails as soon as `slow` runs. */
  const executor = () => {
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    return fakeExecutor(async ({ cell }, { signal }) => {
      if (cell === 'bad') {
        await begun;
        throw new Error('internal: oh');
      }
      if (cell === 'slow') {
        const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        begin();
        await stopped;
        throw new RunCancelled();
      }
      return {};
    });
  };

  it('stops what runs and what waits, and the run has failed, not been interrupted', async () => {
    const { statuses, record } = await runSketch(folder, sketchPlan(BRANCHES), executor(), { jobs: 2, failFast: true });
    expect(statuses).toEqual(['bad failed', 'slow skipped', 'waiting skipped', 'after skipped']);
    expect(record.status).toBe('failed');
    expect(record.stages.map(({ why }) => why)).toEqual([
      'failed',
      'stopped because bad failed',
      'stopped because bad failed',
      'needs slow, which was skipped',
    ]);
  });

  it('is told apart from an interruption', async () => {
    const controller = new AbortController();
    const interrupting = fakeExecutor(async () => {
      controller.abort();
      throw new RunCancelled();
    });
    const { record } = await runSketch(folder, sketchPlan([{ id: 'a' }]), interrupting, {
      failFast: true,
      stop: controller.signal,
    });
    expect(record.status).toBe('interrupted');
  });
});
