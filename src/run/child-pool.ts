import type { ChildProcess } from 'node:child_process';
import type { PluginFile } from './job.js';
import type { ParentMessage } from './messages.js';

/** Processes that have been started and wait for a job. */
export class ChildPool {
  /** What those that are started from now on load in advance: what the last job needed, the next one mostly needs, too. */
  plugins: readonly PluginFile[] = [];
  private readonly waiting: ChildProcess[] = [];

  constructor(private readonly start: () => ChildProcess) {}

  get size(): number {
    return this.waiting.length;
  }

  /** A process for a job: one that waits, or a new one. */
  take(): ChildProcess {
    const child = this.waiting.shift();
    if (child === undefined) return this.start();
    child.removeAllListeners();
    return child;
  }

  /** Starts or ends processes until so many wait. */
  resize(size: number): void {
    while (this.waiting.length > Math.max(0, size)) this.take().kill('SIGKILL');
    while (this.waiting.length < size) this.add();
  }

  private add(): void {
    const child = this.start();
    this.waiting.push(child);
    const forget = () => {
      const index = this.waiting.indexOf(child);
      if (index >= 0) this.waiting.splice(index, 1);
    };
    // One that cannot be started or dies while it waits is nobody's failure.
    child.on('error', forget);
    child.on('exit', forget);
    child.send({ type: 'prepare', plugins: this.plugins } satisfies ParentMessage, () => {});
  }
}
