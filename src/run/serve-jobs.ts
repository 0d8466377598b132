import { type JobRegistries, runJob } from './child.js';
import type { Job } from './job.js';
import { type ChildMessage, type JobMessage, packError } from './messages.js';

/**
 * The whole life of a stage's process: takes one job from the parent, executes it, answers, exits.
 * @param load fills the registries: built-ins, and the plugins that the job names
 */
export function serveJobs(load: (plugins: readonly string[]) => Promise<JobRegistries>): void {
  const controller = new AbortController();
  // Ctrl-C reaches the whole process group of the terminal; the parent decides what it means and sends SIGTERM.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => controller.abort());
  // The parent is gone, however it went: nobody wants the result. Not process.exit(), which aborts with a core dump if
  // onnxruntime is at work in a thread.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

  process.once('message', async (message: JobMessage) => {
    const memory = setInterval(tellMemory, MEMORY_INTERVAL_MS);
    const answer = await answerTo(message.job, load, controller.signal);
    clearInterval(memory);
    // Exit by hand: a plugin may have left timers or sockets open.
    process.send!(answer, () => process.exit(0));
  });
}

async function answerTo(
  job: Job,
  load: (plugins: readonly string[]) => Promise<JobRegistries>,
  signal: AbortSignal,
): Promise<ChildMessage> {
  try {
    const registries = await load(job.plugins);
    const result = await runJob(job, registries, {
      signal,
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
