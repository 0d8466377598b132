import { describe, expect, it } from 'vitest';
import { Slots } from '../../src/run/slots.js';

/** Work that ends when it is told to. */
function work(slots: Slots, name: string, log: string[], alone = false) {
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const done = slots.use(
    async () => {
      log.push(`${name} of ${slots.share}`);
      await ended;
    },
    { alone },
  );
  return {
    end() {
      end();
      return done;
    },
  };
}

describe('slots', () => {
  it('let so many run at a time, in the order in which they asked', async () => {
    const log: string[] = [];
    const slots = new Slots(2);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => work(slots, name, log)) as [Work, Work, Work];
    await Promise.resolve();
    expect(log).toEqual(['a of 2', 'b of 2']);
    await b.end();
    expect(log).toEqual(['a of 2', 'b of 2', 'c of 2']);
    await Promise.all([a.end(), c.end()]);
  });

  it('run what must be alone when nothing else runs or waits, one after the other', async () => {
    const log: string[] = [];
    const slots = new Slots(2);
    const a = work(slots, 'a', log);
    const measured = work(slots, 'measure a', log, true);
    const other = work(slots, 'measure b', log, true);
    const b = work(slots, 'b', log);
    await Promise.resolve();
    expect(log).toEqual(['a of 2', 'b of 2']);
    await a.end();
    expect(log).toHaveLength(2);
    await b.end();
    expect(log.slice(2)).toEqual(['measure a of 1']);
    const late = work(slots, 'late', log);
    await measured.end();
    expect(log.slice(3)).toEqual(['late of 1']);
    await late.end();
    expect(log.slice(4)).toEqual(['measure b of 1']);
    await other.end();
  });

  it('are free again after work that fails', async () => {
    const slots = new Slots(1);
    await expect(slots.use(async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await slots.use(async () => 'yes')).toBe('yes');
  });
});

type Work = ReturnType<typeof work>;
