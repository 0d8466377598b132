import type { ChildProcess } from 'node:child_process';
import type { PluginFile } from './job.js';
import type { ParentMessage } from './messages.js';

/** Processes that have been started and wait for a job. */
export class ChildPool {
  /** What those that are started from now on load in advance: what the last job needed, the next one mostly needs, too. */
  plugins: readonly PluginFile[] = [];
  /** In the order in which they are taken, each with what forgets it. */
  private readonly waiting = new Map<ChildProcess, () => void>();

  constructor(private readonly start: () => ChildProcess) {}

  get size(): number {
    return this.waiting.size;
  }

  /** A process for a job: one that waits, or a new one. */
  take(): ChildProcess {
    const [first] = this.waiting;
    if (first === undefined) return this.start();
    const [child, forget] = first;
    forget();
    child.off('error', forget);
    child.off('exit', forget);
    return child;
  }

  /** Starts or ends processes until so many wait. */
  resize(size: number): void {
    while (this.waiting.size > Math.max(0, size)) this.take().kill('SIGKILL');
    while (this.waiting.size < size) {
      const child = this.start();
      this.keep(child);
      child.send({ type: 'prepare', plugins: this.plugins } satisfies ParentMessage, () => {});
    }
  }

  /** Takes a process back that has done a job and stays for another one. It has loaded and compiled more than those that were only started, so that it comes first. */
  giveBack(child: ChildProcess): void {
    const others = [...this.waiting];
    this.waiting.clear();
    this.keep(child);
    for (const [other, forget] of others) this.waiting.set(other, forget);
  }

  private keep(child: ChildProcess): void {
    const forget = () => void this.waiting.delete(child);
    this.waiting.set(child, forget);
    // One that cannot be started or dies while it waits is nobody's failure.
    child.on('error', forget);
    child.on('exit', forget);
  }
}
