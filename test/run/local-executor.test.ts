import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { UserError } from '../../src/core/errors.js';
import { childEnvironment } from '../../src/run/child-environment.js';
import { type ExecuteOptions, RunCancelled } from '../../src/run/executor.js';
import type { Job, JobEvent } from '../../src/run/job.js';
import { localExecutor } from '../../src/run/local-executor.js';
import { JOB, OPTIONS } from './job-rig.js';

// What every executor keeps to, this one as well, is in executor-contract.ts.

let staging: string;
beforeEach(async () => {
  staging = await mkdtemp(join(tmpdir(), 'lathe-job-'));
});
afterEach(() => rm(staging, { recursive: true, force: true }));

const childEntry = fileURLToPath(new URL('../fixtures/run/child.mjs', import.meta.url));

describe('a job in a process of its own', () => {
  it('sees of the environment what is declared, the path, and the settings of the allocator, nothing else', async () => {
    const env = { PATH: '/usr/bin', DECLARED: 'yes', SECRET: 'no', NODE_OPTIONS: '--title=x' };
    const executor = localExecutor({ childEntry, env: childEnvironment(env, ['DECLARED']) });
    const { metrics } = await executor.execute({ ...JOB, options: { what: 'tell environment' }, staging }, OPTIONS);
    const environment = metrics.environment as Record<string, string>;
    // Node's own for the channel to the parent, and one that macOS adds.
    const names = Object.keys(environment).filter((name) => !/^NODE_CHANNEL|^__CF/.test(name));
    expect(names.sort()).toEqual([
      'DECLARED',
      'MALLOC_MMAP_THRESHOLD_',
      'MALLOC_TOP_PAD_',
      'MALLOC_TRIM_THRESHOLD_',
      'PATH',
    ]);
  });
});

describe('a process that is killed while it blocks its thread', () => {
  it.skipIf(process.platform !== 'linux')('has the memory peak that this process saw', async () => {
    const executor = localExecutor({ childEntry, env: childEnvironment({}, []) });
    const job = { ...JOB, options: { what: 'die at work' }, staging };
    const { problem } = await executor.execute(job, OPTIONS).then(
      () => expect.fail('it lives'),
      (error: UserError) => error,
    );
    // It holds 300 MiB besides what Node takes.
    const peak = Number(/killed by SIGKILL\. Its memory peak was (\d+) MiB/.exec(problem)?.[1]);
    expect(peak).toBeGreaterThanOrEqual(300);
    expect(peak).toBeLessThan(500);
  });
});

describe('a process whose job has ended', () => {
  async function rig() {
    const executor = localExecutor({ childEntry, env: childEnvironment({}, []) });
    onTestFinished(() => executor.close());
    executor.expect?.(9);
    const processOf = async (what: string, facts: Partial<Job> = {}, options: Partial<ExecuteOptions> = {}) => {
      const job = { ...JOB, options: { what }, staging, ...facts };
      return (await executor.execute(job, { ...OPTIONS, ...options })).metrics.pid;
    };
    return { executor, processOf };
  }

  it('takes the next one', async () => {
    const { processOf } = await rig();
    const first = await processOf('tell its process');
    expect(await processOf('tell its process')).toBe(first);
  });

  it('has one at a time', async () => {
    const { processOf } = await rig();
    const pids = await Promise.all([processOf('tell its process'), processOf('tell its process')]);
    expect(new Set(pids).size).toBe(2);
    expect(pids).toContain(await processOf('tell its process'));
  });

  it.each<[string, string, Partial<Job>]>([
    ['a plugin was at work', 'tell its process', { plugin: './plugin.ts' }],
    ["a plugin's data were read", 'tell its process', { plugins: [{ file: '/plugins/a.ts', digest: 'd' }] }],
    ['it computed on a GPU', 'tell its process', { provider: 'webgpu' }],
    ['it held much', 'hold much', {}],
  ])('takes none after it where %s', async (_, what, facts) => {
    const { processOf } = await rig();
    const first = await processOf(what, facts);
    expect(await processOf('tell its process')).not.toBe(first);
  });

  it('takes none after one that failed', async () => {
    const { processOf } = await rig();
    const first = await processOf('tell its process');
    await expect(processOf('fail')).rejects.toMatchObject({ code: 'X_WRONG' });
    expect(await processOf('tell its process')).not.toBe(first);
  });

  it('ends where none may come', async () => {
    const { executor, processOf } = await rig();
    const first = await processOf('tell its process');
    executor.expect?.(0);
    expect(await processOf('tell its process')).not.toBe(first);
  });

  it('keeps what one has said apart from what the next one says', async () => {
    const { processOf } = await rig();
    const heard: string[] = [];
    const onEvent = (event: JobEvent) => void (event.type === 'log' && heard.push(event.message));
    const first = await processOf('write half a line', {}, { onEvent });
    expect(heard).toEqual(['half']);
    expect(await processOf('write half a line', {}, { onEvent })).toBe(first);
    expect(heard).toEqual(['half', 'half']);
  });

  it('can be stopped in the next one', async () => {
    const { processOf } = await rig();
    const first = await processOf('tell its process');
    const stopping = new AbortController();
    let pid = 0;
    const onEvent = (event: JobEvent) => {
      if (event.type === 'log') pid = event.details.pid as number;
      stopping.abort();
    };
    const stopped = processOf('wait politely', {}, { signal: stopping.signal, onEvent });
    await expect(stopped).rejects.toBeInstanceOf(RunCancelled);
    expect(pid).toBe(first);
  });
});

describe('processes that wait for a job', () => {
  const plugins = [{ file: '/plugins/a.ts', digest: 'd' }];

  function start(spares: number) {
    const executor = localExecutor({ childEntry, env: childEnvironment({}, []), spares });
    const job = { ...JOB, options: { what: 'tell how it was started' }, plugins, staging };
    const tell = async () => (await executor.execute(job, OPTIONS)).metrics;
    return { executor, tell };
  }

  it('are started while a job runs, with what it needed, if more may come', async () => {
    const { executor, tell } = start(2);
    executor.expect?.(2);
    const first = await tell();
    executor.expect?.(1);
    const second = await tell();
    expect(first.prepared).toBeNull();
    expect(second.prepared).toEqual(plugins);
    expect(second.startedAt as number).toBeLessThan(first.now as number);
  });

  it('wait for a first job that is known to come', async () => {
    const { executor, tell } = start(1);
    executor.prepare?.(3);
    // A process that was started only for the job was told nothing before.
    expect((await tell()).prepared).toEqual([]);
    await executor.close();
  });

  it('are none before a first job, nor when no more may come', async () => {
    const { executor, tell } = start(2);
    executor.expect?.(1);
    await tell();
    expect((await tell()).prepared).toBeNull();
  });

  it('end when no more will come, so that nothing of a run is left', async () => {
    const { executor, tell } = start(1);
    executor.expect?.(9);
    await tell();
    executor.expect?.(0);
    expect((await tell()).prepared).toBeNull();
    await executor.close();
  });
});
