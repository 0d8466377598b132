import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** A live process that runs training steps on demand: it reads a number of steps and answers with the ms they took. */
export class Contender {
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: AsyncIterator<string>;

  constructor(
    readonly name: string,
    command: readonly [string, ...string[]],
    env: Readonly<Record<string, string>> = {},
  ) {
    const [file, ...args] = command;
    this.child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /** Resolves when the process has built its network. */
  async ready(): Promise<void> {
    const line = await this.nextLine();
    if (line !== 'ready') throw new Error(`${this.name} said "${line}" instead of "ready"`);
  }

  /** Milliseconds of one step, averaged over a burst. */
  async burst(steps: number): Promise<number> {
    return (await this.ask(String(steps))) / steps;
  }

  /** MiB, the peak of its resident memory so far. */
  memory(): Promise<number> {
    return this.ask('memory');
  }

  /** Milliseconds that reading the data took. */
  readingMs(): Promise<number> {
    return this.ask('reading');
  }

  stop(): void {
    this.child.stdin.end();
    this.child.kill();
  }

  private async ask(line: string): Promise<number> {
    this.child.stdin.write(`${line}\n`);
    return Number(await this.nextLine());
  }

  private async nextLine(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error(`${this.name} ended early`);
    return value;
  }
}

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** glibc's malloc, told to keep memory instead of returning it: the environment that stages run in. */
export const TUNED_MALLOC = {
  MALLOC_MMAP_THRESHOLD_: '1073741824',
  MALLOC_TRIM_THRESHOLD_: '1073741824',
  MALLOC_TOP_PAD_: '67108864',
};
