import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { childEnvironment } from '../../src/run/child-environment.js';
import type { ExecuteOptions } from '../../src/run/executor.js';
import type { Job, JobEvent } from '../../src/run/job.js';
import { localExecutor } from '../../src/run/local-executor.js';

let staging: string;
beforeEach(async () => {
  staging = await mkdtemp(join(tmpdir(), 'lathe-job-'));
});
afterEach(() => rm(staging, { recursive: true, force: true }));

const childEntry = fileURLToPath(new URL('../fixtures/run/child.mjs', import.meta.url));

function jobFor(what: string): Job {
  return {
    cell: 'pruned',
    uses: 'prune',
    plugin: null,
    plugins: [],
    options: { what },
    inputs: {},
    models: {},
    data: {},
    networks: {},
    seed: '1',
    provider: 'cpu',
    cores: 1,
    staging,
    checkpoint: null,
  };
}

function execute(what: string, options: Partial<ExecuteOptions> = {}, env: NodeJS.ProcessEnv = {}) {
  const executor = localExecutor({ childEntry, env: childEnvironment({ ...env }, ['DECLARED']), graceMs: 200 });
  const result = executor.execute(jobFor(what), {
    signal: new AbortController().signal,
    timeoutMs: null,
    onEvent: () => {},
    alone: async () => () => {},
    ...options,
  });
  return { executor, result };
}

/** Calls `then` as soon as the child says that it is ready. */
function whenReady(then: () => void): (event: JobEvent) => void {
  return (event) => {
    if (event.type === 'log' && event.message === 'ready') then();
  };
}

describe('a job in a process of its own', () => {
  it('gives its result, and its progress and words meanwhile', async () => {
    const events: JobEvent[] = [];
    const { result } = execute('succeed', { onEvent: (event) => events.push(event) });
    expect(await result).toEqual({ outputs: { model: [join(staging, 'model.onnx')] }, metrics: { accuracy: 0.9 } });
    expect(events).toContainEqual({ type: 'progress', fraction: 0.5, values: { loss: 0.3 } });
    expect(events).toContainEqual({ type: 'log', level: 'info', message: 'said aloud', details: {} });
  });

  it('sees of the environment what is declared, the path, and the settings of the allocator, nothing else', async () => {
    const env = { PATH: '/usr/bin', DECLARED: 'yes', SECRET: 'no', NODE_OPTIONS: '--title=x' };
    const { result } = execute('tell environment', {}, env);
    const environment = (await result).metrics.environment as Record<string, string>;
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

  it("throws the stage's own UserError", async () => {
    await expect(execute('fail').result).rejects.toMatchObject({
      code: 'X_WRONG',
      problem: 'It is wrong.',
      fix: 'Mend it.',
    });
  });

  it('throws a bug as a plain error with the stack of the child', async () => {
    await expect(execute('break').result).rejects.toMatchObject({ message: 'internal: broken', stack: 'S' });
  });

  it('that is killed is an error with the signal, the memory peak and the last words', async () => {
    await expect(execute('die').result).rejects.toMatchObject({
      code: 'RUN_CHILD_KILLED',
      class: 'stage',
      problem:
        'The process of stage pruned was killed by SIGKILL. Its memory peak was 123 MiB. Its last words:\n    my last words',
      fix: 'If nobody killed it, the system ran out of memory: try --jobs 1 or a smaller batch.',
    });
  });

  it('that exits without an answer is an error with the exit code', async () => {
    await expect(execute('exit').result).rejects.toMatchObject({
      code: 'RUN_CHILD_DIED',
      problem: 'The process of stage pruned exited with code 7.',
    });
  });

  it('that is asked to stop and does so is cancelled', async () => {
    const controller = new AbortController();
    const { result } = execute('wait politely', {
      signal: controller.signal,
      onEvent: whenReady(() => controller.abort()),
    });
    await expect(result).rejects.toMatchObject({ name: 'RunCancelled' });
  });

  it('that is asked to stop and does not is killed after a while', async () => {
    const controller = new AbortController();
    const { result } = execute('wait stubbornly', {
      signal: controller.signal,
      onEvent: whenReady(() => controller.abort()),
    });
    await expect(result).rejects.toMatchObject({ name: 'RunCancelled' });
  });

  it('that takes longer than its timeout is stopped and told so', async () => {
    await expect(execute('wait politely', { timeoutMs: 300 }).result).rejects.toMatchObject({
      code: 'RUN_TIMEOUT',
      problem: 'Stage pruned took longer than its timeout of 0.3 s and was stopped.',
    });
  });

  it('is alone while it measures, and has the time for which it waits for that besides its limit', async () => {
    const log: string[] = [];
    const { result } = execute('measure', {
      timeoutMs: 1500,
      async alone() {
        log.push('asked');
        await new Promise((resolve) => setTimeout(resolve, 2000));
        log.push('granted');
        return () => void log.push('ended');
      },
      onEvent: (event) => void (event.type === 'log' && log.push(event.message)),
    });
    await result;
    expect(log).toEqual(['asked', 'granted', 'measures', 'ended']);
  });

  it('that dies while it is alone is so no more', async () => {
    let isAlone = false;
    const { executor, result } = execute('measure for ever', {
      async alone() {
        isAlone = true;
        return () => {
          isAlone = false;
        };
      },
      onEvent: whenReady(() => {
        expect(isAlone).toBe(true);
        executor.kill();
      }),
    });
    await expect(result).rejects.toMatchObject({ code: 'RUN_CHILD_KILLED' });
    expect(isAlone).toBe(false);
  });

  it('that dies while it waits to be alone waits no more', async () => {
    let reason: unknown;
    const { executor, result } = execute('measure for ever', {
      alone: (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            reject(signal.reason);
          });
          executor.kill();
        }),
    });
    await expect(result).rejects.toMatchObject({ code: 'RUN_CHILD_KILLED' });
    expect(reason).toMatchObject({ name: 'RunCancelled' });
  });

  it('is ended at once by kill()', async () => {
    const { executor, result } = execute('wait stubbornly', { onEvent: whenReady(() => executor.kill()) });
    await expect(result).rejects.toMatchObject({ code: 'RUN_CHILD_KILLED' });
  });

  it('is not started after the run was stopped', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(execute('succeed', { signal: controller.signal }).result).rejects.toMatchObject({
      name: 'RunCancelled',
    });
  });
});

describe('processes that wait for a job', () => {
  const options = {
    signal: new AbortController().signal,
    timeoutMs: null,
    onEvent: () => {},
    alone: async () => () => {},
  };
  const plugins = [{ file: '/plugins/a.ts', digest: 'd' }];

  function start(spares: number) {
    const executor = localExecutor({ childEntry, env: childEnvironment({}, []), spares });
    const tell = async () =>
      (await executor.execute({ ...jobFor('tell how it was started'), plugins }, options)).metrics;
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
    executor.kill();
  });
});
