import { RemoteError } from './remote-cache.js';

/** A limit on the time that a piece of work with a remote may take altogether. */
export class Deadline {
  private readonly controller = new AbortController();
  private readonly onOuter: () => void;
  private readonly startedAt = performance.now();
  private timer: NodeJS.Timeout | undefined;
  private ms = 0;

  /** @param outer aborts the work as well */
  constructor(
    ms: number,
    private readonly outer: AbortSignal,
  ) {
    this.onOuter = () => this.controller.abort(outer.reason);
    if (outer.aborted) this.onOuter();
    outer.addEventListener('abort', this.onOuter);
    this.extend(ms);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Allows more time, counted from the end of what was allowed so far. */
  extend(ms: number): void {
    this.ms += ms;
    clearTimeout(this.timer);
    const left = this.startedAt + this.ms - performance.now();
    this.timer = setTimeout(() => this.controller.abort(this.failure()), Math.min(Math.max(0, left), TIMER_MS_MAX));
  }

  /** The work is done, one way or the other. */
  end(): void {
    clearTimeout(this.timer);
    this.outer.removeEventListener('abort', this.onOuter);
  }

  private failure(): RemoteError {
    return new RemoteError(`is slow: what should take ${(this.ms / 1000).toFixed(1)} s at most is not done yet`);
  }
}

/** A longer one would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;
