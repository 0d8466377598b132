/** A time limit that can stand still. */
export class TimeLimit {
  private timer: NodeJS.Timeout | undefined;
  private startedAt = 0;
  private leftMs: number;

  /** @param ms null: no limit */
  constructor(
    ms: number | null,
    private readonly onEnd: () => void,
  ) {
    this.leftMs = ms ?? Number.POSITIVE_INFINITY;
    this.resume();
  }

  pause(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.leftMs -= performance.now() - this.startedAt;
  }

  resume(): void {
    if (this.timer !== undefined || this.leftMs === Number.POSITIVE_INFINITY) return;
    this.startedAt = performance.now();
    this.timer = setTimeout(this.onEnd, Math.max(0, this.leftMs));
  }

  /** For good. */
  end(): void {
    this.pause();
    this.leftMs = Number.POSITIVE_INFINITY;
  }
}
