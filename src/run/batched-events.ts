import type { JobEvent } from './job.js';

/** How long an event waits for others at most, unless the thread is blocked. */
const INTERVAL_MS = 50;

/**
 * Sends events in their order, those that come soon after each other together: a message to another process takes both many times
 * as long as what is in it, and in a sweep no core is free for that.
 */
export class BatchedEvents {
  private readonly waiting: JobEvent[] = [];
  private sentAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly send: (events: readonly JobEvent[]) => void) {}

  add(event: JobEvent): void {
    this.waiting.push(event);
    const wait = this.sentAt + INTERVAL_MS - performance.now();
    if (wait <= 0) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), wait);
  }

  /** Sends what waits, now. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.waiting.length === 0) return;
    this.sentAt = performance.now();
    this.send(this.waiting.splice(0));
  }
}
