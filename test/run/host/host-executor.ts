import { dirname, join } from 'node:path';
import type { RemoteCache } from '../../../src/artifacts/remote/remote-cache.js';
import { externalDataNames } from '../../../src/plan/digests.js';
import { type ExecuteOptions, type Executor, RunCancelled } from '../../../src/run/executor.js';
import type { Job, JobResult } from '../../../src/run/job.js';
import { Host } from './host-process.js';
import { type ShippedFile, ship, unload, withModelsAt } from './shipping.js';

export interface HostExecutorOptions {
  /** The command that starts host.ts, on whatever machine. */
  readonly command: readonly string[];
  /** What both machines reach. */
  readonly blobs: RemoteCache;
}

/**
 * Has another machine's processes execute the jobs: it speaks to a host over standard input and output, and models go both ways
 * through a remote cache's blobs. What else a job names by path (data sets, files of networks, plugins) has to lie at the same
 * path there. An example of what `Executor` allows, and the proof that nothing but `execute` has to change for it.
 */
export function hostExecutor({ command, blobs }: HostExecutorOptions): Executor {
  let host: Host | undefined;
  // A host that died took its jobs along; the next job gets a new one.
  const reach = () => {
    if (host === undefined || host.isGone) host = new Host(command);
    return host;
  };
  return {
    async close() {
      await host?.close();
    },
    async requireProvider(provider) {
      await reach().ask('the check of a provider', { type: 'provider', provider }).answer;
    },
    async execute(job, options) {
      if (options.signal.aborted) throw new RunCancelled();
      try {
        return await executeOn(reach, job, options, blobs);
      } catch (error) {
        throw options.signal.aborted ? new RunCancelled() : error;
      }
    },
  };
}

async function executeOn(
  reach: () => Host,
  job: Job,
  { signal, timeoutMs, onEvent, alone }: ExecuteOptions,
  blobs: RemoteCache,
): Promise<JobResult> {
  const models: Record<string, readonly ShippedFile[]> = {};
  await withModelsAt(job, async (path) => {
    const external = (await externalDataNames(path)).map((name) => join(dirname(path), name));
    models[path] = await ship([path, ...external], blobs, signal);
    return path;
  });
  signal.throwIfAborted();
  const gone = new AbortController();
  let end: (() => void) | undefined;
  const endAlone = () => {
    end?.();
    end = undefined;
  };
  const host = reach();
  const { id, answer } = host.ask(`stage ${job.cell}`, { type: 'job', job, models, timeoutMs }, async (message) => {
    if (message.type === 'event') onEvent(message.event);
    if (message.type !== 'alone') return;
    if (!message.wanted) return endAlone();
    end = await alone(gone.signal).catch(() => undefined);
    if (end !== undefined) host.say({ id, type: 'alone' });
  });
  const stop = () => host.say({ id, type: 'stop' });
  signal.addEventListener('abort', stop, { once: true });
  try {
    const message = await answer;
    if (message.type !== 'result') throw new Error(`internal: the host answered a job with ${message.type}`);
    const outputs: Record<string, readonly string[]> = {};
    for (const [slot, files] of Object.entries(message.result.outputs)) {
      outputs[slot] = await unload(files, join(job.staging, 'outputs', slot), blobs, signal);
    }
    return { ...message.result, outputs };
  } finally {
    signal.removeEventListener('abort', stop);
    gone.abort(new RunCancelled());
    endAlone();
  }
}
