import { describe, expect, it } from 'vitest';
import { Slots, type Turn, type UseOptions } from '../../src/run/slots.js';

/** Work that ends when it is told to, and asks to be alone before that if it is told to. */
class Work {
  /** Cores that it got; undefined: it has not begun. */
  cores: number | undefined;
  isAlone = false;
  private turn: Turn | undefined;
  private endAlone = () => {};
  private end: () => void = () => {};
  private readonly done: Promise<void>;
  private readonly stop = new AbortController();

  constructor(slots: Slots, options: UseOptions = {}) {
    const ended = new Promise<void>((resolve) => {
      this.end = resolve;
    });
    this.done = slots.use(async (turn) => {
      this.turn = turn;
      this.cores = turn.cores;
      await ended;
    }, options);
  }

  async askToBeAlone(): Promise<void> {
    this.turn!.alone(this.stop.signal).then(
      (end) => {
        this.isAlone = true;
        this.endAlone = () => {
          this.isAlone = false;
          end();
        };
      },
      () => undefined,
    );
    await settled();
  }

  async leaveAlone(): Promise<void> {
    this.endAlone();
    await settled();
  }

  /** Its process is gone. */
  async breakOff(): Promise<void> {
    this.stop.abort(new Error('gone'));
    await settled();
  }

  async finish(): Promise<void> {
    this.end();
    await this.done;
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

const begun = (works: readonly Work[]) => works.map(({ cores }) => cores ?? 'waits');
const many = (count: number, slots: Slots, options?: UseOptions) =>
  Array.from({ length: count }, () => new Work(slots, options));

describe('slots', () => {
  it('let so many run at a time, in the order in which they asked', async () => {
    const works = many(3, new Slots(2));
    await settled();
    expect(begun(works)).toEqual([1, 1, 'waits']);
    await works[1]!.finish();
    expect(begun(works)).toEqual([1, 1, 1]);
    await Promise.all([works[0]!.finish(), works[2]!.finish()]);
  });

  it('are free again after work that fails', async () => {
    const slots = new Slots(1);
    await expect(slots.use(async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await slots.use(async () => 'yes')).toBe('yes');
  });
});

describe('the cores', () => {
  it('all belong to work that is the only one', async () => {
    const slots = new Slots(8, 8);
    const [work] = many(1, slots);
    await settled();
    expect(work!.cores).toBe(8);
  });

  it('are shared out among those that ask at one time, as many as may run', async () => {
    const three = many(3, new Slots(8, 8));
    const five = many(5, new Slots(2, 8));
    await settled();
    expect(begun(three)).toEqual([8, 'waits', 'waits']);
    expect(begun(five)).toEqual([8, 'waits', 'waits', 'waits', 'waits']);
  });

  it('are left for work that was announced', async () => {
    const slots = new Slots(8, 8);
    const announced = [slots.announce(), slots.announce(), slots.announce(), slots.announce()];
    const works = announced.map((each) => new Work(slots, { announced: each }));
    await settled();
    expect(begun(works)).toEqual([2, 2, 2, 2]);
  });

  it('are not left for work that was announced and does not come', async () => {
    const slots = new Slots(8, 8);
    const announced = slots.announce();
    announced();
    announced();
    const [work] = many(1, slots);
    await settled();
    expect(work!.cores).toBe(8);
  });

  it('are never more together than there are: what finds none left waits', async () => {
    const slots = new Slots(4, 4);
    const all: Work[] = [];
    let seed = 1;
    const draw = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    for (let step = 0; step < 400; step++) {
      const running = all.filter(({ cores }) => cores !== undefined);
      const what = draw(3);
      if (what === 0) all.push(new Work(slots, { measures: draw(2) === 0 }));
      if (what === 1) all.push(new Work(slots, { announced: slots.announce() }));
      if (what === 2 && running.length > 0) {
        const ended = running[draw(running.length)]!;
        await ended.finish();
        all.splice(all.indexOf(ended), 1);
      }
      await settled();
      const taken = all.reduce((sum, { cores = 0 }) => sum + cores, 0);
      expect(taken).toBeLessThanOrEqual(4);
      // Nobody waits for nothing.
      if (all.some(({ cores }) => cores === undefined)) expect(taken).toBe(4);
    }
  });

  it('do not keep more work from running than there are cores, if somebody wants that', async () => {
    const works = many(4, new Slots(4, 2));
    await settled();
    expect(begun(works)).toEqual([2, 1, 1, 1]);
  });
});

describe('the memory', () => {
  const ofMemory = (slots: Slots, ...memory: number[]) => memory.map((bytes) => new Work(slots, { memory: bytes }));

  it('does not let two that need 60 % run at a time, though there is a core for the second', async () => {
    const slots = new Slots(2, 2, 100);
    const announced = slots.announce();
    const works = ofMemory(slots, 60, 60);
    announced();
    await settled();
    expect(begun(works)).toEqual([1, 'waits']);
    await works[0]!.finish();
    expect(begun(works)).toEqual([1, 2]);
  });

  it('lets two that need 40 % run at a time', async () => {
    const slots = new Slots(2, 2, 100);
    const announced = slots.announce();
    const first = new Work(slots, { memory: 40 });
    const second = new Work(slots, { memory: 40, announced });
    await settled();
    expect(begun([first, second])).toEqual([1, 1]);
  });

  it('is left to later work by what does not fit beside those that run, which has all cores in its turn', async () => {
    const slots = new Slots(3, 3, 100);
    const announced = [slots.announce(), slots.announce()];
    const [large, larger, small] = [
      new Work(slots, { memory: 60 }),
      new Work(slots, { memory: 90, announced: announced[0]! }),
      new Work(slots, { memory: 40, announced: announced[1]! }),
    ] as const;
    await settled();
    expect(begun([large, larger, small])).toEqual([1, 'waits', 2]);
    await large.finish();
    expect(begun([larger])).toEqual(['waits']);
    await small.finish();
    expect(begun([larger])).toEqual([3]);
  });

  it('does not keep work that needs more than there is from running, alone', async () => {
    const slots = new Slots(2, 4, 100);
    const [huge, tiny] = [new Work(slots, { memory: 500 }), new Work(slots, { memory: 0 })];
    await settled();
    expect(begun([huge, tiny])).toEqual([4, 'waits']);
    await huge.finish();
    expect(begun([tiny])).toEqual([4]);
  });

  it('is held by work that waits to be alone, which what does not fit beside it does not keep from that', async () => {
    const slots = new Slots(2, 2, 100);
    const measuring = new Work(slots, { measures: true, memory: 60 });
    await settled();
    const other = new Work(slots, { memory: 60 });
    await measuring.askToBeAlone();
    expect([measuring.isAlone, other.cores]).toEqual([true, undefined]);
    await measuring.leaveAlone();
    expect(other.cores).toBeUndefined();
    await measuring.finish();
    expect(other.cores).toBe(2);
  });

  it('is free again after work that fails', async () => {
    const slots = new Slots(2, 2, 100);
    await expect(slots.use(async () => Promise.reject(new Error('no')), { memory: 80 })).rejects.toThrow('no');
    const works = ofMemory(slots, 30, 70);
    await settled();
    await works[0]!.finish();
    expect(begun(works)).toEqual([2, 2]);
  });
});

describe('work that measures time', () => {
  it('begins after what does not, and runs beside it', async () => {
    const slots = new Slots(2, 2);
    const announced = slots.announce();
    const measuring = new Work(slots, { measures: true });
    await settled();
    const other = new Work(slots, { announced });
    await settled();
    expect(begun([measuring, other])).toEqual([1, 1]);
    const late = [new Work(slots, { measures: true }), new Work(slots)];
    await measuring.finish();
    await settled();
    expect(begun(late)).toEqual(['waits', 1]);
  });

  it('is alone when nothing else runs or waits, one after the other', async () => {
    const slots = new Slots(3, 3);
    const announced = [slots.announce(), slots.announce(), slots.announce()];
    const [a, b, other] = announced.map((each) => new Work(slots, { announced: each })) as [Work, Work, Work];
    await settled();
    await a.askToBeAlone();
    await b.askToBeAlone();
    expect([a.isAlone, b.isAlone]).toEqual([false, false]);
    await other.finish();
    expect([a.isAlone, b.isAlone]).toEqual([true, false]);
    const late = new Work(slots);
    await settled();
    expect(late.cores).toBeUndefined();
    await a.leaveAlone();
    await a.finish();
    expect([late.cores, b.isAlone]).toEqual([2, false]);
    await late.finish();
    expect(b.isAlone).toBe(true);
    await b.finish();
  });

  it('gives its place to others while it waits, but no more of it wait than there are places', async () => {
    const slots = new Slots(2, 2);
    const first = new Work(slots);
    await settled();
    const measuring = many(4, slots, { measures: true });
    await first.finish();
    expect(begun(measuring)).toEqual([2, 'waits', 'waits', 'waits']);
    await measuring[0]!.askToBeAlone();
    expect(begun(measuring)).toEqual([2, 2, 'waits', 'waits']);
    expect(measuring[0]!.isAlone).toBe(false);
    await measuring[1]!.askToBeAlone();
    expect(begun(measuring)).toEqual([2, 2, 'waits', 'waits']);
    expect(measuring[0]!.isAlone).toBe(true);
    await measuring[0]!.finish();
    expect(measuring[1]!.isAlone).toBe(true);
    await measuring[1]!.finish();
    expect(measuring[2]!.cores).toBe(2);
  });

  it('that is gone while it waits or is alone keeps nobody from anything', async () => {
    const slots = new Slots(2, 2);
    const announced = [slots.announce(), slots.announce()];
    const [a, b] = announced.map((each) => new Work(slots, { announced: each })) as [Work, Work];
    await settled();
    await a.askToBeAlone();
    await a.breakOff();
    await a.finish();
    await b.askToBeAlone();
    expect(b.isAlone).toBe(true);
    await b.finish();
    const next = new Work(slots);
    await settled();
    expect(next.cores).toBe(2);
  });

  it('does not count the time that it waits to be alone', async () => {
    const slots = new Slots(2, 2);
    const announced = [slots.announce(), slots.announce()];
    let waited = 0;
    const measured = slots.use(
      async (turn) => {
        expect(turn.waitedMs).toBe(0);
        (await turn.alone(new AbortController().signal))();
        waited = turn.waitedMs;
      },
      { announced: announced[0]! },
    );
    const other = slots.use(() => new Promise<void>((resolve) => setTimeout(resolve, 30)), {
      announced: announced[1]!,
    });
    await Promise.all([measured, other]);
    expect(waited).toBeGreaterThan(10);
  });
});
