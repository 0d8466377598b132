interface Waiting {
  readonly alone: boolean;
  readonly start: () => void;
}

/**
 * Lets at most `size` pieces of work run at a time, in the order in which they asked. Those that must run alone, because
 * they measure time, come last: when no other runs or waits, one after the other.
 */
export class Slots {
  private readonly waiting: Waiting[] = [];
  private taken = 0;
  private isAlone = false;

  constructor(readonly size: number) {}

  /** Among how many the cores are divided: those that run, and those that could run beside them. */
  get share(): number {
    if (this.isAlone) return 1;
    return Math.min(this.size, this.taken + this.waiting.filter(({ alone }) => !alone).length);
  }

  async use<T>(work: () => Promise<T>, { alone = false }: { readonly alone?: boolean } = {}): Promise<T> {
    await new Promise<void>((start) => {
      this.waiting.push({ alone, start });
      this.admit();
    });
    try {
      return await work();
    } finally {
      this.taken--;
      this.isAlone = false;
      this.admit();
    }
  }

  private admit(): void {
    while (this.taken < this.size && !this.isAlone) {
      const index = this.waiting.findIndex(({ alone }) => !alone);
      const next = this.waiting[Math.max(index, 0)];
      if (next === undefined || (next.alone && this.taken > 0)) return;
      this.waiting.splice(Math.max(index, 0), 1);
      this.isAlone = next.alone;
      this.taken++;
      next.start();
    }
  }
}
