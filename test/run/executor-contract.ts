import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sha256 } from '../../src/core/hash.js';
import type { RunEvent } from '../../src/run/events.js';
import { type ExecuteOptions, type Executor, RunCancelled } from '../../src/run/executor.js';
import type { Job, JobEvent } from '../../src/run/job.js';
import { runSketch, sketchPlan } from '../support/plan-rig.js';
import { processesBelow } from '../support/processes.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { JOB, OPTIONS } from './job-rig.js';

/** What every Executor keeps to. @param open one whose stages' processes run test/fixtures/run/child.mjs */
export function executorContract(kind: string, open: () => Promise<Executor>): void {
  /** A folder with a staging folder for each job, and an executor; both are gone after the test. */
  async function rig() {
    const folder = temporaryFolder();
    const executor = await open();
    onTestFinished(() => executor.close());
    let count = 0;
    const jobFor = (what: string, facts: Partial<Job> = {}): Job => {
      const staging = join(folder, 'tmp', `job-${count++}`);
      mkdirSync(staging, { recursive: true });
      return { ...JOB, options: { what }, staging, ...facts };
    };
    const execute = (what: string, options: Partial<ExecuteOptions> = {}, facts: Partial<Job> = {}) =>
      executor.execute(jobFor(what, facts), { ...OPTIONS, ...options });
    return { folder, executor, execute };
  }

  describe(`a job executed by ${kind}`, () => {
    it('gives the files that it made, in its staging folder, and its metrics', async () => {
      const { folder, execute } = await rig();
      const { outputs, metrics } = await execute('succeed');
      const [file] = outputs.model!;
      expect(relative(join(folder, 'tmp', 'job-0'), pathOf(file!))).toMatch(/^(?!\.\.)/);
      expect(readFileSync(pathOf(file!), 'utf8')).toBe('a model');
      expect(metrics).toEqual({ accuracy: 0.9 });
    });

    it('makes the same of the same models and the same seed as often as it is executed', async () => {
      const { folder, execute } = await rig();
      const models = ['first', 'second', 'third'].map((content) => {
        const path = join(folder, `${content}.onnx`);
        writeFileSync(path, content);
        return { path, digest: sha256(content) };
      });
      const [first, second, third] = models as [Job['inputs'][string], ...Job['inputs'][string][]];
      const facts: Partial<Job> = {
        inputs: { model: first },
        models: { teacher: second! },
        collected: [{ ...third!, label: 'n=1', labels: { n: 1 }, metrics: {} }],
      };
      const made = async () => {
        const { outputs } = await execute('make of all that it is given', {}, facts);
        return readFileSync(pathOf(outputs.model![0]!), 'utf8');
      };
      expect(await Promise.all([made(), made()])).toEqual(Array(2).fill('first + second + third + 1'));
      expect(await made()).toBe('first + second + third + 1');
    });

    it('changes nothing outside its staging folder', async () => {
      const { folder, execute } = await rig();
      const path = join(folder, 'inputs', 'first.onnx');
      mkdirSync(dirname(path));
      writeFileSync(path, 'first');
      const before = contentsOf(folder);
      await execute('make of all that it is given', {}, { inputs: { model: { path, digest: sha256('first') } } });
      await expect(execute('fail')).rejects.toThrow();
      await expect(execute('die')).rejects.toThrow();
      const changed = [...contentsOf(folder)].filter(([file, digest]) => before.get(file) !== digest);
      expect(changed.map(([file]) => file).filter((file) => !file.startsWith(join('tmp', 'job-0')))).toEqual([]);
    });

    it('tells its events in the order in which they came, all of them before it settles', async () => {
      const { execute } = await rig();
      const told: string[] = [];
      await execute('count', {
        onEvent: (event) => told.push(event.type === 'log' ? event.message : `${event.values.step} of 50`),
      });
      const before = [...told];
      expect(before).toEqual(Array.from({ length: 50 }, (_, i) => [`step ${i + 1}`, `${i + 1} of 50`]).flat());
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(told).toEqual(before);
    });

    it('tells what it writes to its standard output', async () => {
      const { execute } = await rig();
      const events: JobEvent[] = [];
      await execute('succeed', { onEvent: (event) => events.push(event) });
      expect(events).toContainEqual({ type: 'log', level: 'info', message: 'said aloud', details: {} });
    });

    it("throws the stage's own UserError, and a bug as a plain error with its stack", async () => {
      const { execute } = await rig();
      const userError = { code: 'X_WRONG', problem: 'It is wrong.', fix: 'Mend it.' };
      await expect(execute('fail')).rejects.toMatchObject(userError);
      await expect(execute('break')).rejects.toMatchObject({ message: 'internal: broken', stack: 'S' });
    });

    it('that is killed is a fault of the machine, with the signal, the memory peak and the last words', async () => {
      const { execute } = await rig();
      await expect(execute('die')).rejects.toMatchObject({
        code: 'RUN_CHILD_KILLED',
        class: 'infrastructure',
        problem:
          'The process of stage pruned was killed by SIGKILL. Its memory peak was 123 MiB. Its last words:\n    my last words',
        fix: 'If nobody killed it, the system ran out of memory: try --jobs 1 or a smaller batch.',
      });
      expect((await execute('succeed')).metrics).toEqual({ accuracy: 0.9 });
    });

    it('that fills the heap is told so, without addresses of code', async () => {
      const { execute } = await rig();
      await expect(execute('fill the heap')).rejects.toMatchObject({
        code: 'RUN_CHILD_KILLED',
        class: 'infrastructure',
        problem: expect.stringMatching(/was killed by SIGABRT\.(?!.* 0x[0-9a-f]{5}.*).*JavaScript heap out of memory/s),
        fix: expect.stringContaining('--max-old-space-size'),
      });
    });

    it('that exits without an answer is an error with the exit code', async () => {
      const { execute } = await rig();
      await expect(execute('exit')).rejects.toMatchObject({
        code: 'RUN_CHILD_DIED',
        class: 'stage',
        problem: 'The process of stage pruned exited with code 7.',
        fix: expect.stringContaining('Run it again'),
      });
      // A plugin can end its process in two ways.
      await expect(execute('exit', {}, { plugin: './mine.ts' })).rejects.toMatchObject({
        fix: expect.stringMatching(/process\.exit\(\), or have let a promise fail/),
      });
    });

    it.each(['wait politely', 'wait stubbornly'])('that is asked to stop and does "%s" is cancelled', async (what) => {
      const { execute } = await rig();
      const controller = new AbortController();
      let pid = 0;
      const onEvent = (event: JobEvent) => {
        pid = pidIn(event) ?? pid;
        if (pid > 0) controller.abort();
      };
      await expect(execute(what, { signal: controller.signal, onEvent })).rejects.toBeInstanceOf(RunCancelled);
      expect(isAlive(pid)).toBe(false);
    });

    it('is not started after the run was stopped', async () => {
      const { execute } = await rig();
      await expect(execute('succeed', { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(RunCancelled);
    });

    it('that takes longer than its timeout is stopped and told so', async () => {
      const { execute } = await rig();
      await expect(execute('wait stubbornly', { timeoutMs: 300 })).rejects.toMatchObject({
        code: 'RUN_TIMEOUT',
        problem: 'Stage pruned took longer than its timeout of 0.3 s and was stopped.',
      });
    });

    it('is alone while it measures, and has the time for which it waits for that besides its limit', async () => {
      const { execute } = await rig();
      const log: string[] = [];
      await execute('measure', {
        timeoutMs: 1500,
        async alone() {
          log.push('asked');
          await new Promise((resolve) => setTimeout(resolve, 2000));
          log.push('granted');
          return () => void log.push('ended');
        },
        onEvent: (event) => void (event.type === 'log' && log.push(event.message)),
      });
      expect(log).toEqual(['asked', 'granted', 'measures', 'ended']);
    });

    it('that ends while it is alone, or waits for that, is so no more', async () => {
      const { executor, execute } = await rig();
      let isAlone = false;
      let reason: unknown;
      const measuring = execute('measure for ever', {
        async alone() {
          isAlone = true;
          return () => {
            isAlone = false;
          };
        },
        onEvent: () => {
          expect(isAlone).toBe(true);
          waiting.started.then(() => executor.close());
        },
      });
      const waiting = whenAsked((signal) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
        });
      });
      const other = execute('measure for ever', { alone: waiting.alone });
      for (const end of await Promise.allSettled([measuring, other])) {
        expect(end).toMatchObject({ reason: { code: 'RUN_CHILD_KILLED' } });
      }
      expect(isAlone).toBe(false);
      expect(reason).toBeInstanceOf(RunCancelled);
    });

    it('has an answer of its own, however many run at a time', async () => {
      const { execute } = await rig();
      const what = ['succeed', 'fail', 'die', 'succeed', 'exit', 'succeed'];
      const ends = await Promise.allSettled(what.map((each) => execute(each)));
      const told = ends.map((end) => (end.status === 'fulfilled' ? 'model' : (end.reason as { code: string }).code));
      expect(told).toEqual(['model', 'X_WRONG', 'RUN_CHILD_KILLED', 'model', 'RUN_CHILD_DIED', 'model']);
    });
  });

  describe(`${kind}`, () => {
    it('tells whether jobs can compute with a provider', async () => {
      const { executor } = await rig();
      await executor.requireProvider('cpu');
      await expect(executor.requireProvider('cuda')).rejects.toMatchObject({ code: 'RUNTIME_PROVIDER' });
    });

    it('ends everything at once when it is closed, and leaves no process', async () => {
      const before = processesBelow(process.pid);
      const { executor, execute } = await rig();
      executor.expect?.(9);
      const pids: number[] = [];
      const started: Promise<void>[] = [];
      const jobs = [1, 2].map(() => {
        let ready = () => {};
        started.push(
          new Promise((resolve) => {
            ready = resolve;
          }),
        );
        const onEvent = (event: JobEvent) => {
          pids.push(...[pidIn(event) ?? []].flat());
          ready();
        };
        return execute('wait stubbornly', { onEvent });
      });
      const ends = Promise.allSettled(jobs);
      await Promise.all(started);
      expect(pids.map(isAlive)).toEqual([true, true]);
      await executor.close();
      expect(pids.map(isAlive)).toEqual([false, false]);
      expect(processesBelow(process.pid).filter((pid) => !before.includes(pid))).toEqual([]);
      for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'RUN_CHILD_KILLED' } });
      await executor.close();
    });
  });

  describe(`a result ensured with ${kind}`, () => {
    const statusesOf = async (folder: string, executor: Executor, facts = {}, options = {}) => {
      const plan = sketchPlan([{ id: 'a', options: { what: 'succeed' }, ...facts }]);
      const run = await runSketch(folder, plan, executor, options);
      const warnings = run.events.flatMap((event) =>
        event.type === 'stage-log' && event.level === 'warn' ? event.message.replace(/^.*\s(?=Attempt)/s, '') : [],
      );
      return { ...run, warnings, left: readdirSync(join(folder, 'cache', 'v1', 'tmp')) };
    };

    it('is computed once, and found from then on', async () => {
      const { folder, executor } = await rig();
      const first = await statusesOf(folder, executor);
      const second = await statusesOf(folder, executor);
      expect([...first.statuses, ...second.statuses]).toEqual(['a ran', 'a cached']);
      expect(second.record.stages[0]!.outputs).toEqual(first.record.stages[0]!.outputs);
    });

    it('is computed by one of two runs that share a cache; the other waits for it', async () => {
      const { folder, executor } = await rig();
      const file = join(folder, 'now');
      const facts = { options: { what: 'wait for a file', file } };
      let second: ReturnType<typeof statusesOf> | undefined;
      const isReady = (event: RunEvent) => event.type === 'stage-log' && event.message === 'ready';
      const isWaiting = (event: RunEvent) => event.type === 'stage-log' && event.message.startsWith('waits');
      const first = await statusesOf(folder, executor, facts, {
        listener: (event: RunEvent) => {
          if (!isReady(event)) return;
          second = statusesOf(folder, executor, facts, {
            listener: (event: RunEvent) => void (isWaiting(event) && writeFileSync(file, '')),
          });
        },
      });
      expect(first.statuses).toEqual(['a ran']);
      expect((await second!).record.stages[0]).toMatchObject({
        status: 'cached',
        why: 'computed by another run meanwhile',
        outputs: first.record.stages[0]!.outputs,
      });
    });

    it.each([
      ['fail', [], 'X_WRONG'],
      ['exit', [], 'RUN_CHILD_DIED'],
      ['die', ['Attempt 2 of 3.', 'Attempt 3 of 3.'], 'RUN_CHILD_KILLED'],
    ])('of a job that does "%s" is tried again only where the machine is at fault', async (what, attempts, code) => {
      const { folder, executor } = await rig();
      const { warnings, record, left } = await statusesOf(folder, executor, { options: { what }, attempts: 3 });
      expect(warnings).toEqual(attempts);
      expect(record.stages[0]!.error).toMatchObject({ code });
      expect(left).toEqual([]);
    });
  });
}

function pathOf(file: string | { readonly path: string }): string {
  return typeof file === 'string' ? file : file.path;
}

/** File → digest of its content, of all files below a folder. */
function contentsOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(folder, path), sha256(readFileSync(path))];
    }),
  );
}

/** The process of a job that says that it is ready. */
function pidIn(event: JobEvent): number | undefined {
  return event.type === 'log' && event.message === 'ready' ? (event.details.pid as number) : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** An `alone` that never lets anybody, and tells that it was asked. */
function whenAsked(then: (signal: AbortSignal) => void) {
  let start = () => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const alone: ExecuteOptions['alone'] = (signal) => {
    then(signal);
    start();
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  return { started, alone };
}
