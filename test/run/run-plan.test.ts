import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/artifacts/run-record.js';
import { UserError } from '../../src/core/errors.js';
import { RunCancelled } from '../../src/run/executor.js';
import { fakeExecutor, runSketch, sketchPlan } from '../support/plan-rig.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lathe-run-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const CHAIN = [{ id: 'a' }, { id: 'b', from: ['a'] }, { id: 'c', from: ['b'] }];

describe('a run', () => {
  it('runs every cell once, after what it depends on, and writes run.json', async () => {
    const executor = fakeExecutor();
    const { statuses, record, folder: runFolder } = await runSketch(folder, sketchPlan(CHAIN), executor);
    expect(executor.begun).toEqual(['a', 'b', 'c']);
    expect(statuses).toEqual(['a ran', 'b ran', 'c ran']);
    expect(record.status).toBe('succeeded');
    expect(JSON.parse(readFileSync(join(runFolder, 'run.json'), 'utf8'))).toEqual(record);
  });

  it('computes nothing the second time, and gives the same outputs', async () => {
    const first = await runSketch(folder, sketchPlan(CHAIN), fakeExecutor());
    const executor = fakeExecutor();
    const second = await runSketch(folder, sketchPlan(CHAIN), executor);
    expect(executor.begun).toEqual([]);
    expect(second.statuses).toEqual(['a cached', 'b cached', 'c cached']);
    expect(second.record.stages.map((stage) => stage.outputs)).toEqual(
      first.record.stages.map((stage) => stage.outputs),
    );
  });

  it('computes a changed stage and what depends on it, and nothing else', async () => {
    const plan = (keep: number) =>
      sketchPlan([
        { id: 'a' },
        { id: 'b', from: ['a'], options: { keep } },
        { id: 'c', from: ['b'] },
        { id: 'd', from: ['a'] },
      ]);
    await runSketch(folder, plan(0.1), fakeExecutor());
    const executor = fakeExecutor();
    await runSketch(folder, plan(0.2), executor);
    expect(executor.begun).toEqual(['b', 'c']);
  });

  it('stops early where a changed stage makes the same bytes as before', async () => {
    const plan = (keep: number) =>
      sketchPlan([
        { id: 'a', options: { keep } },
        { id: 'b', from: ['a'] },
      ]);
    const same = () => fakeExecutor(async (job) => (job.cell === 'a' ? { model: 'the same' } : {}));
    await runSketch(folder, plan(0.1), same());
    const executor = same();
    const { statuses } = await runSketch(folder, plan(0.2), executor);
    expect(executor.begun).toEqual(['a']);
    expect(statuses).toEqual(['a ran', 'b cached']);
  });

  it('runs independent branches at the same time, but no more than --jobs', async () => {
    const branches = [...'abcdef'].map((id) => ({ id }));
    const slow = fakeExecutor(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return {};
    });
    await runSketch(folder, sketchPlan(branches), slow, { jobs: 3 });
    expect(slow.mostAtOnce()).toBe(3);
  });

  it('gives a stage no more cores than its recipe grants', async () => {
    const plan = sketchPlan([{ id: 'a', provider: 'cpu' }]);
    const cells = plan.cells.map((cell) => ({ ...cell, runtime: { provider: 'cpu', threads: 3 } as const }));
    const cores: number[] = [];
    const executor = fakeExecutor(async (job) => {
      cores.push(job.cores);
      return {};
    });
    await runSketch(folder, { ...plan, cells }, executor, { jobs: 1, cores: 8, isForced: () => true });
    await runSketch(folder, { ...plan, cells }, executor, { jobs: 1, cores: 2, isForced: () => true });
    expect(cores).toEqual([3, 2]);
  });

  it('records what computed each stage, and the GPU if one did', async () => {
    const onCpu = await runSketch(folder, sketchPlan([{ id: 'a' }, { id: 'b', provider: 'cpu' }]), fakeExecutor());
    expect(onCpu.record.stages.map(({ provider }) => provider)).toEqual([null, 'cpu']);
    expect(onCpu.record.runtime).not.toHaveProperty('gpu');
    const onGpu = await runSketch(folder, sketchPlan([{ id: 'c', provider: 'webgpu' }]), fakeExecutor());
    expect(onGpu.record.stages[0]!.provider).toBe('webgpu');
    expect(onGpu.record.runtime.gpu).toBe('none');
  });

  it('does not start a stage that this machine cannot compute', async () => {
    const executor = fakeExecutor();
    const asked: string[] = [];
    executor.requireProvider = async (provider) => {
      asked.push(provider);
      if (provider === 'cuda') throw new UserError('RUNTIME_PROVIDER', 'No CUDA.', '', { class: 'infrastructure' });
    };
    const { statuses } = await runSketch(
      folder,
      sketchPlan([
        { id: 'a', provider: 'cpu', options: { n: 1 } },
        { id: 'b', provider: 'webgpu', options: { n: 2 } },
        { id: 'c', provider: 'cuda', options: { n: 3 } },
      ]),
      executor,
    );
    expect(statuses).toEqual(['a ran', 'b ran', 'c failed']);
    expect([...executor.begun].sort()).toEqual(['a', 'b']);
    expect(asked.sort()).toEqual(['cuda', 'webgpu']);
  });

  it('shares the cores among the stages that want to run', async () => {
    const cores: number[] = [];
    const executor = fakeExecutor(async (job) => {
      cores.push(job.cores);
      await new Promise((resolve) => setTimeout(resolve, 10));
      return {};
    });
    await runSketch(folder, sketchPlan([{ id: 'alone' }]), executor, { jobs: 8, cores: 8 });
    await runSketch(folder, sketchPlan([...'abcd'].map((id) => ({ id }))), executor, { jobs: 2, cores: 8 });
    expect(cores[0]).toBe(8);
    expect(cores.slice(1, 4)).toEqual([4, 4, 4]);
  });

  it('computes two cells with equal keys once', async () => {
    const executor = fakeExecutor();
    const keyOf = (cell: { keyOptions: unknown }) => ({ key: 'ab'.repeat(32), record: cell.keyOptions as null });
    const { statuses } = await runSketch(folder, sketchPlan([{ id: 'a' }, { id: 'b' }]), executor, { keyOf });
    expect(executor.begun).toEqual(['a']);
    expect(statuses).toEqual(['a ran', 'b cached']);
  });

  it('passes a model on unchanged where the stage says so', async () => {
    const plan = sketchPlan([
      { id: 'a' },
      { id: 'check', from: ['a'], passes: true, options: { passes: true } },
      { id: 'b', from: ['check'] },
    ]);
    const { record } = await runSketch(folder, plan, fakeExecutor());
    const [a, check, b] = record.stages;
    expect(check?.outputs).toEqual(a?.outputs);
    expect(b?.inputs.model).toBe(a?.outputs.model?.digest);
  });

  it('computes again what is forced, and warns where other bytes come out', async () => {
    let count = 0;
    const executor = () => fakeExecutor(async () => ({ model: `model ${count++}` }));
    await runSketch(folder, sketchPlan([{ id: 'a' }]), executor());
    const forced = await runSketch(folder, sketchPlan([{ id: 'a' }]), executor(), { isForced: () => true });
    expect(forced.record.stages[0]).toMatchObject({ status: 'ran', why: 'forced' });
    expect(forced.events).toContainEqual({
      type: 'warning',
      message: 'Stage a made another model than before from the same inputs: fake is not reproducible.',
    });
    const after = await runSketch(folder, sketchPlan([{ id: 'a' }]), executor());
    expect(after.record.stages[0]?.outputs).toEqual(forced.record.stages[0]?.outputs);
  });
});

describe('a failing stage', () => {
  const BRANCHES = [
    { id: 'a' },
    { id: 'bad', from: ['a'] },
    { id: 'after', from: ['bad'] },
    { id: 'good', from: ['a'] },
  ];
  const failing = (error: Error) =>
    fakeExecutor(async (job) => {
      if (job.cell === 'bad') throw error;
      return {};
    });

  it('stops what depends on it and nothing else, and is told with its place in the recipe', async () => {
    const error = new UserError('TRAIN_DIVERGED', 'The loss is NaN.', 'Lower the learning rate.');
    const { statuses, record, failures } = await runSketch(folder, sketchPlan(BRANCHES), failing(error));
    expect(statuses).toEqual(['a ran', 'bad failed', 'after skipped', 'good ran']);
    expect(record.status).toBe('failed');
    expect(record.stages[1]?.error).toMatchObject({
      code: 'TRAIN_DIVERGED',
      class: 'stage',
      message: 'The loss is NaN.',
      fix: 'Lower the learning rate.',
      place: '/recipes/test.yaml:2:5',
    });
    expect(record.stages[2]?.why).toBe('needs bad, which failed');
    expect(failures.map((failure) => failure.cell)).toEqual(['bad']);
  });

  it('is not stored: the next run tries again and goes on from what is there', async () => {
    await runSketch(folder, sketchPlan(BRANCHES), failing(new Error('internal: oh')));
    const executor = fakeExecutor();
    await runSketch(folder, sketchPlan(BRANCHES), executor);
    expect(executor.begun).toEqual(['bad', 'after']);
  });

  it('leaves nothing in the tmp folder of the cache', async () => {
    await runSketch(folder, sketchPlan(BRANCHES), failing(new Error('internal: oh')));
    expect(readdirSync(join(folder, 'cache', 'v1', 'tmp'))).toEqual([]);
  });

  it('that changes its input is an error, and the input is computed again the next time', async () => {
    const vandal = fakeExecutor(async (job) => {
      if (job.cell !== 'bad') return {};
      chmodSync(job.inputs.model!.path, 0o644);
      writeFileSync(job.inputs.model!.path, 'changed');
      return {};
    });
    const { record } = await runSketch(folder, sketchPlan(BRANCHES.slice(0, 2)), vandal);
    expect(record.stages[1]?.error).toMatchObject({ code: 'RUN_INPUT_CHANGED' });
    const executor = fakeExecutor();
    const { statuses, events } = await runSketch(folder, sketchPlan(BRANCHES.slice(0, 2)), executor);
    expect(statuses).toEqual(['a ran', 'bad ran']);
    expect(events.filter((event) => event.type === 'warning')).toHaveLength(1);
  });
});

describe('a damaged cache', () => {
  it('costs one warning and a recompute, and the run succeeds with the same digests', async () => {
    const first = await runSketch(folder, sketchPlan(CHAIN), fakeExecutor());
    const blob = first.record.stages[1]!.outputs.model!.path;
    chmodSync(blob, 0o644);
    writeFileSync(blob, 'rubbish');
    const executor = fakeExecutor();
    const second = await runSketch(folder, sketchPlan(CHAIN), executor);
    expect(executor.begun).toEqual(['b']);
    expect(second.record.status).toBe('succeeded');
    expect(second.record.stages.map((stage) => stage.outputs)).toEqual(
      first.record.stages.map((stage) => stage.outputs),
    );
    expect(second.events.filter((event) => event.type === 'warning')).toHaveLength(1);
  });
});

describe('a model with a flipped bit', () => {
  /** Flips one bit of the blob of a cell: its size stays. */
  function flipBit(record: RunRecord, index: number): void {
    const { path } = record.stages[index]!.outputs.model!;
    const bytes = readFileSync(path);
    bytes[0]! ^= 1;
    chmodSync(path, 0o644);
    writeFileSync(path, bytes);
  }
  const withOption = (keep: number) =>
    sketchPlan([{ id: 'a' }, { id: 'b', from: ['a'] }, { id: 'c', from: ['b'], options: { keep } }]);

  it('is computed again, by what it needs in its turn, before a stage that runs uses it', async () => {
    const first = await runSketch(folder, withOption(0.1), fakeExecutor());
    flipBit(first.record, 0);
    flipBit(first.record, 1);
    const executor = fakeExecutor();
    const second = await runSketch(folder, withOption(0.2), executor);
    expect(executor.begun).toEqual(['a', 'b', 'c']);
    expect(second.record.status).toBe('succeeded');
    expect(second.record.stages[1]!.outputs).toEqual(first.record.stages[1]!.outputs);
    expect(second.events.filter((event) => event.type === 'warning')).toHaveLength(2);
    expect((await runSketch(folder, withOption(0.1), executor)).statuses).toEqual(['a cached', 'b cached', 'c cached']);
  });

  it('is computed again before it is exported', async () => {
    const to = join(folder, 'model.onnx');
    const plan = sketchPlan(CHAIN, [{ name: 'model', cell: 'c', slot: 'model', to }]);
    const first = await runSketch(folder, plan, fakeExecutor());
    const exported = readFileSync(to);
    flipBit(first.record, 2);
    const executor = fakeExecutor();
    await runSketch(folder, plan, executor);
    expect(executor.begun).toEqual(['c']);
    expect(readFileSync(to)).toEqual(exported);
  });

  it('is not read at all by a run that uses it for nothing', async () => {
    const first = await runSketch(folder, sketchPlan(CHAIN), fakeExecutor());
    flipBit(first.record, 1);
    const executor = fakeExecutor();
    await runSketch(folder, sketchPlan(CHAIN), executor);
    expect(executor.begun).toEqual([]);
  });

  it('that its stage does not make again fails what would use it, and the next run goes on from the new one', async () => {
    let count = 0;
    const moody = () => fakeExecutor(async (job) => (job.cell === 'a' ? { model: `model ${count++}` } : {}));
    const first = await runSketch(folder, withOption(0.1), moody());
    flipBit(first.record, 0);
    const second = await runSketch(folder, sketchPlan([{ id: 'a' }, { id: 'd', from: ['a'] }]), moody());
    expect(second.record.stages[1]!.error).toMatchObject({ code: 'RUN_RESULT_LOST', class: 'infrastructure' });
    const third = await runSketch(folder, sketchPlan([{ id: 'a' }, { id: 'd', from: ['a'] }]), moody());
    expect(third.statuses).toEqual(['a cached', 'd ran']);
  });
});

describe('an interrupted run', () => {
  it('records what ran as cancelled, keeps what was finished, and starts nothing more', async () => {
    const controller = new AbortController();
    const executor = fakeExecutor(async (job, { signal }) => {
      if (job.cell !== 'b') return {};
      controller.abort();
      expect(signal.aborted).toBe(true);
      throw new RunCancelled();
    });
    const { statuses, record } = await runSketch(folder, sketchPlan(CHAIN), executor, { stop: controller.signal });
    expect(statuses).toEqual(['a ran', 'b cancelled', 'c cancelled']);
    expect(record.status).toBe('interrupted');
    const next = fakeExecutor();
    await runSketch(folder, sketchPlan(CHAIN), next);
    expect(next.begun).toEqual(['b', 'c']);
  });
});

describe('an export', () => {
  // An ONNX model with ir_version 8 and nothing else: enough for metadata to be appended and read.
  const MODEL = '\u0008\u0008';
  const plan = (to: string) => sketchPlan([{ id: 'a' }], [{ name: 'model', cell: 'a', slot: 'model', to }]);
  const executor = () => fakeExecutor(async () => ({ model: MODEL }));

  it('is a writable copy with the provenance appended, which the cached blob does not have', async () => {
    const to = join(folder, 'dist', 'model.onnx');
    const { record } = await runSketch(folder, plan(to), executor());
    const bytes = readFileSync(to);
    expect(bytes.subarray(0, 2).toString('latin1')).toBe(MODEL);
    const text = bytes.toString('latin1');
    for (const part of ['lathe.recipe', 'test', 'lathe.stage', 'a', 'lathe.key', record.stages[0]!.key!]) {
      expect(text).toContain(part);
    }
    expect(record.stages[0]?.outputs.model?.bytes).toBe(2);
    expect(statSync(to).mode & 0o200).toBe(0o200);
    expect(readdirSync(join(folder, 'dist'))).toEqual(['model.onnx']);
  });

  it('is left alone when it has the content already', async () => {
    const to = join(folder, 'model.onnx');
    await runSketch(folder, plan(to), executor());
    const before = statSync(to, { bigint: true });
    const { record } = await runSketch(folder, plan(to), executor());
    const after = statSync(to, { bigint: true });
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
    expect(record.exports).toHaveLength(1);
  });

  it('that cannot be written fails the run, and the stage stays cached', async () => {
    writeFileSync(join(folder, 'dist'), 'a file in the way');
    const { record } = await runSketch(folder, plan(join(folder, 'dist', 'model.onnx')), executor());
    expect(record.status).toBe('failed');
    expect(record.errors).toMatchObject([{ code: 'STORAGE_NOT_A_FOLDER', class: 'infrastructure' }]);
    expect(record.stages[0]?.status).toBe('ran');
  });

  it('does not happen when a gate fails', async () => {
    const to = join(folder, 'model.onnx');
    const gated = { ...plan(to), cells: sketchPlan([{ id: 'a', expect: { accuracy: { min: 0.9 } } }]).cells };
    const { record } = await runSketch(
      folder,
      gated,
      fakeExecutor(async () => ({ model: MODEL, metrics: { accuracy: 0.8 } })),
    );
    expect(record.status).toBe('gate-failed');
    expect(existsSync(to)).toBe(false);
  });
});
