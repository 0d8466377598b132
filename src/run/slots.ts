/** Lets at most `size` pieces of work run at a time, in the order in which they asked. */
export class Slots {
  private readonly waiting: (() => void)[] = [];
  private taken = 0;

  constructor(readonly size: number) {}

  /** How many run or wait. */
  get demand(): number {
    return this.taken + this.waiting.length;
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.taken >= this.size) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.taken++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      // The slot goes over to the next one without becoming free.
      if (next === undefined) this.taken--;
      else next();
    }
  }
}
