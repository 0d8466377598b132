import { describe, expect, it } from 'vitest';
import type { ActionRecord } from '../../src/artifacts/action-record.js';
import type { RemoteResults } from '../../src/artifacts/remote/remote-results.js';
import type { Cell } from '../../src/plan/plan.js';
import type { StageDefinition } from '../../src/plugin/stage.js';
import { remoteTier } from '../../src/run/remote-tier.js';

function cellOf(outputs: StageDefinition['outputs'], metrics: StageDefinition['metrics']): Cell {
  return { definition: { outputs, metrics }, metrics, collected: null } as unknown as Cell;
}

const KEY = { key: 'key', record: null };
const RECORD = { key: 'key' } as ActionRecord;

describe('what is shared', () => {
  const asked: unknown[] = [];
  const offered: string[] = [];
  const tier = remoteTier({
    async fetch(_: string, expected: unknown) {
      asked.push(expected);
      return null;
    },
    offer: ({ key }: ActionRecord) => offered.push(key),
  } as unknown as RemoteResults);

  it('is a model, with the speed at which it was made', async () => {
    const cell = cellOf({ model: 'model', passed: { same: 'model' } }, { imagesPerS: { unit: '', varies: true } });
    await tier.fetch(cell, KEY);
    tier.offer(cell, RECORD);
    expect(asked.splice(0)).toEqual([{ outputs: ['model'], metrics: ['imagesPerS'] }]);
    expect(offered.splice(0)).toEqual(['key']);
  });

  it('is a measurement that is the same everywhere, and none of speed alone', async () => {
    const accuracy = { accuracy: { unit: 'ratio' } } as const;
    const same = cellOf({ model: { same: 'model' } }, accuracy);
    const speed = cellOf({ model: { same: 'model' } }, { ...accuracy, latencyMs: { unit: 'ms' } });
    for (const cell of [same, speed]) {
      await tier.fetch(cell, KEY);
      tier.offer(cell, RECORD);
    }
    expect(asked.splice(0)).toEqual([{ outputs: [], metrics: ['accuracy'] }]);
    expect(offered.splice(0)).toEqual(['key']);
  });
});
