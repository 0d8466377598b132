import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BatchedEvents } from '../../src/run/batched-events.js';
import type { JobEvent } from '../../src/run/job.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function rig() {
  const sent: number[][] = [];
  const events = new BatchedEvents((batch) =>
    sent.push(batch.map((event) => (event as { fraction: number }).fraction)),
  );
  const add = (fraction: number) => events.add({ type: 'progress', fraction, values: {} } satisfies JobEvent);
  return { sent, events, add };
}

test('the first event is sent at once, those that follow soon after it together', () => {
  const { sent, add } = rig();
  for (const fraction of [1, 2, 3]) add(fraction);
  expect(sent).toEqual([[1]]);
  vi.advanceTimersByTime(50);
  expect(sent).toEqual([[1], [2, 3]]);
  vi.advanceTimersByTime(1000);
  add(4);
  expect(sent).toEqual([[1], [2, 3], [4]]);
});

test('a thread that was blocked sends with the next event what has waited too long', () => {
  const { sent, add } = rig();
  add(1);
  add(2);
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 100);
  add(3);
  expect(sent).toEqual([[1], [2, 3]]);
  vi.restoreAllMocks();
});

test('what waits is sent when the job ends, once', () => {
  const { sent, events, add } = rig();
  for (const fraction of [1, 2]) add(fraction);
  events.flush();
  events.flush();
  vi.advanceTimersByTime(1000);
  expect(sent).toEqual([[1], [2]]);
});
