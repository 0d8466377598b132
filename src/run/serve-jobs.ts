import { canonicalJson, type Json } from '../core/canonical-json.js';
import type { Provider } from '../runtime/provider.js';
import { type JobRegistries, type JobSurroundings, runJob } from './child.js';
import type { Job, PluginFile } from './job.js';
import { type ChildMessage, type ParentMessage, packError } from './messages.js';

export interface ServeOptions {
  /** Fills the registries: built-ins, and the given plugins. */
  readonly load: (plugins: readonly PluginFile[]) => Promise<JobRegistries>;
  /** Loads what most stages need. */
  readonly warmUp: () => Promise<unknown>;
  /** Throws RUNTIME_PROVIDER. */
  readonly requireProvider: (provider: Provider) => Promise<void>;
}

/** The whole life of a stage's process: takes a job from the parent, executes it, answers, and exits, unless it is to stay for another one. */
export function serveJobs({ load, warmUp, requireProvider }: ServeOptions): void {
  const controller = new AbortController();
  // Ctrl-C reaches the whole process group of the terminal; the parent decides what it means and sends SIGTERM.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => controller.abort());
  // The parent is gone, however it went: nobody wants the result. Not process.exit(), which aborts with a core dump if
  // onnxruntime is at work in a thread.
  const end = () => process.kill(process.pid, 'SIGKILL');
  process.on('disconnect', end);
  if (!process.connected) end();

  let prepared: Prepared | undefined;
  const quiet = askToBeAlone(controller.signal);
  process.on('message', async (message: ParentMessage) => {
    if (message.type === 'prepare') {
      prepared = prepare(message.plugins, load);
      // What fails here fails again when a stage needs it, and is told then.
      await warmUp().catch(() => {});
      return;
    }
    if (message.type === 'alone') return quiet.granted();
    if (message.type === 'provider') {
      process.send!(await providerAnswer(requireProvider, message.provider), () => process.exit(0));
      return;
    }
    const memory = setInterval(tellMemory, MEMORY_INTERVAL_MS);
    const { job, stays } = message;
    if (prepared?.plugins !== namesOf(job.plugins)) prepared = prepare(job.plugins, load);
    const answer = await answerTo(job, prepared.registries, { signal: controller.signal, alone: quiet.ask });
    clearInterval(memory);
    if (stays && answer.type === 'result') {
      tellMemory();
      process.send!(answer);
      return;
    }
    // Exit by hand: a plugin may have left timers or sockets open.
    process.send!(answer, () => process.exit(0));
  });
}

/** Registries that were filled before a job asked for them. */
interface Prepared {
  readonly plugins: string;
  readonly registries: Promise<JobRegistries>;
}

function prepare(plugins: readonly PluginFile[], load: ServeOptions['load']): Prepared {
  const registries = load(plugins);
  registries.catch(() => {});
  return { plugins: namesOf(plugins), registries };
}

function namesOf(plugins: readonly PluginFile[]): string {
  return canonicalJson(plugins as unknown as Json);
}

async function providerAnswer(
  requireProvider: ServeOptions['requireProvider'],
  provider: Provider,
): Promise<ChildMessage> {
  try {
    await requireProvider(provider);
    return { type: 'provider' };
  } catch (error) {
    return { type: 'error', error: packError(error) };
  }
}

/** Asks the parent whether this job may be alone; one job asks once at a time. */
function askToBeAlone(signal: AbortSignal) {
  let granted = () => {};
  const send = (wanted: boolean) => void process.send!({ type: 'alone', wanted } satisfies ChildMessage);
  return {
    granted: () => granted(),
    async ask(): Promise<() => void> {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        granted = resolve;
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        send(true);
      });
      return () => send(false);
    },
  };
}

async function answerTo(
  job: Job,
  registries: Promise<JobRegistries>,
  { signal, alone }: Pick<JobSurroundings, 'signal' | 'alone'>,
): Promise<ChildMessage> {
  try {
    const result = await runJob(job, await registries, {
      signal,
      alone,
      onEvent: (event) => {
        process.send!({ type: 'event', event } satisfies ChildMessage);
        if (event.type === 'progress') tellMemory();
      },
    });
    return { type: 'result', result };
  } catch (error) {
    return { type: 'error', error: signal.aborted ? { kind: 'cancelled' } : packError(error) };
  }
}

function tellMemory(): void {
  // maxRSS is in KiB everywhere.
  process.send!({ type: 'memory', peakBytes: process.resourceUsage().maxRSS * 1024 } satisfies ChildMessage);
}

const MEMORY_INTERVAL_MS = 1000;
