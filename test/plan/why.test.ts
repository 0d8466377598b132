import { expect, test } from 'vitest';
import type { ActionRecord } from '../../src/artifacts/action-record.js';
import type { StageStatus } from '../../src/artifacts/run-record.js';
import type { Json } from '../../src/core/canonical-json.js';
import { type PastKey, whyMiss } from '../../src/plan/why.js';

const NO_DETAILS = { contents: {}, names: {} };
const keyRecord = (options: Json, name = 'prune'): Json => ({ plugin: { name }, options });

const result = (key: string, options: Json, name?: string): ActionRecord => ({
  schema: 1,
  key,
  keyRecord: keyRecord(options, name),
  outputs: {},
  metrics: {},
  durationMs: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
});

function why(
  past: readonly PastKey[],
  results: readonly ActionRecord[],
  options: Json = { keep: 0.1, scope: 'layer' },
) {
  return whyMiss(
    'pruned[keep=0.1]',
    { key: 'now', record: keyRecord(options), details: NO_DETAILS },
    {
      keysOf: async (cell) => (cell === 'pruned[keep=0.1]' ? past : []),
      peek: async (key) => results.find((each) => each.key === key) ?? null,
      recent: async () => results,
    },
  );
}

test('the last run of a cell that has a result is what is compared with, even if another one is nearer', async () => {
  const past: PastKey[] = [
    { run: 'r3', key: 'failed', status: 'failed' },
    { run: 'r2', key: 'far', status: 'ran' },
    { run: 'r1', key: 'near', status: 'ran' },
  ];
  const results = [result('near', { keep: 0.2, scope: 'layer' }), result('far', { keep: 0.3, scope: 'global' })];
  const reason = await why(past, results);
  expect(reason.text).toBe('options.keep 0.3 → 0.1; options.scope global → layer');
  expect(reason.comparedWith).toMatchObject({ key: 'far', run: 'r2' });
});

test('without one, the result of the same kind of stage with the fewest differing fields, the newest of equals', async () => {
  const results = [
    result('far', { keep: 0.3, scope: 'global' }),
    result('new', { keep: 0.2, scope: 'layer' }),
    result('old', { keep: 0.4, scope: 'layer' }),
    result('other', { keep: 0.1, scope: 'layer' }, 'quantize'),
  ];
  const reason = await why([], results);
  expect(reason.text).toBe('options.keep 0.2 → 0.1');
  expect(reason.comparedWith).toMatchObject({ key: 'new', run: null });
});

test('a result that differs in much is none to compare with in one line', async () => {
  const options = { keep: 0.1, scope: 'layer', steps: 4, curve: 'cubic', epochs: 2 };
  const other = { keep: 0.2, scope: 'global', steps: 1, curve: 'linear', epochs: 2 };
  const reason = await why([], [result('other', other)], options);
  expect(reason.text).toBe('no result for this key');
  expect(reason.changes).toHaveLength(4);
});

test.each<[StageStatus, string]>([
  ['ran', 'its result is no longer in the cache'],
  ['cached', 'its result is no longer in the cache'],
  ['failed', 'it failed in the last run'],
  ['cancelled', 'it was interrupted in the last run'],
])('after a last run with the same key that ended as "%s": %s', async (status, text) => {
  expect(await why([{ run: 'r1', key: 'now', status }], [])).toMatchObject({ text, changes: [], comparedWith: null });
});

test('nothing is compared where there is nothing', async () => {
  expect(await why([], [])).toEqual({ text: 'no result for this key', changes: [], comparedWith: null });
});

test('what waits for a model is not said to have another one', async () => {
  const reason = await why([], [result('old', { against: { model: 'a' }, keep: 0.2 })], {
    against: { model: 'pending' },
    keep: 0.1,
  });
  expect(reason.text).toBe('options.keep 0.2 → 0.1');
});
