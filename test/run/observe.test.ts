import { describe, expect, it } from 'vitest';
import type { StageRecord } from '../../src/artifacts/run-record.js';
import { defineObserver, type ObserverDefinition } from '../../src/plugin/observer.js';
import type { RunEvent } from '../../src/run/events.js';
import { observe } from '../../src/run/observe.js';

const RECORD: StageRecord = {
  id: 'base',
  cell: 'base',
  uses: 'train',
  provider: 'cpu',
  status: 'ran',
  key: 'k',
  why: 'forced',
  durationMs: 5,
  options: {},
  inputs: {},
  outputs: { model: { digest: 'd', bytes: 3, path: '/cache/d' } },
  metrics: { loss: 0.5 },
  gates: [],
  error: null,
};

function events(): RunEvent[] {
  return [
    {
      type: 'run-start',
      runId: 'r1',
      folder: '/runs/r1',
      cells: [{ id: 'base', uses: 'train', dependsOn: [], isMeasure: false }],
    },
    { type: 'stage-start', cell: 'base', key: 'k', why: 'forced' },
    { type: 'stage-progress', cell: 'base', fraction: 0.5, values: {} },
    { type: 'stage-end', cell: 'base', record: structuredClone(RECORD) },
  ];
}

function watch(...observers: ObserverDefinition[]) {
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  return { ...observe(observers, { recipe: '/recipe.yaml', onWarning }), warnings };
}

describe('observers of a run', () => {
  it('are told what happens, in order, each call after the one before it has ended', async () => {
    const told: unknown[] = [];
    const slowly = async (what: string, about: unknown) => {
      told.push(`${what} begins`, about);
      await new Promise((resolve) => setTimeout(resolve, 5));
      told.push(`${what} ends`);
    };
    const { listener, settle } = watch(
      defineObserver({
        name: 'all',
        onPlan: (plan) => slowly('plan', plan),
        onStageStart: (start) => slowly('start', start),
        onStageEnd: ({ runId, cell, status, metrics }) => slowly('end', { runId, cell, status, metrics }),
      }),
    );
    for (const event of events()) listener(event);
    expect(told).toEqual([]);
    expect(await settle(1000)).toEqual([]);
    expect(told).toEqual([
      'plan begins',
      { runId: 'r1', recipe: '/recipe.yaml', cells: [{ id: 'base', uses: 'train', dependsOn: [] }] },
      'plan ends',
      'start begins',
      { runId: 'r1', cell: 'base', uses: 'train', key: 'k', why: 'forced' },
      'start ends',
      'end begins',
      { runId: 'r1', cell: 'base', status: 'ran', metrics: { loss: 0.5 } },
      'end ends',
    ]);
  });

  it('get copies: what one of them changes, nobody else sees', async () => {
    const seen: unknown[] = [];
    const { listener, settle } = watch(
      defineObserver({
        name: 'vandal',
        onStageEnd: (end) => {
          (end.metrics as { loss: number }).loss = 99;
        },
      }),
      defineObserver({ name: 'witness', onStageEnd: ({ metrics }) => seen.push(metrics.loss) }),
    );
    const all = events();
    for (const event of all) listener(event);
    await settle(1000);
    expect(seen).toEqual([0.5]);
    expect(all.at(-1)).toMatchObject({ record: { metrics: { loss: 0.5 } } });
  });

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('no such thing');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('no such thing'))],
  ])('one that %s costs one warning, is told nothing more, and disturbs no other', async (_, fail) => {
    let [failing, other] = [0, 0];
    const { listener, settle, warnings } = watch(
      defineObserver({
        name: 'bad',
        onPlan() {
          failing++;
          return fail();
        },
        onStageStart: () => void failing++,
      }),
      defineObserver({ name: 'good', onStageStart: () => void other++ }),
    );
    for (const event of events()) listener(event);
    await settle(1000);
    expect([failing, other]).toEqual([1, 1]);
    expect(warnings).toEqual(['The observer "bad" threw: no such thing. It is told nothing more; the run goes on.']);
  });

  it('are waited for no longer than allowed', async () => {
    const { listener, settle } = watch(defineObserver({ name: 'stuck', onPlan: () => new Promise(() => {}) }));
    for (const event of events()) listener(event);
    expect(await settle(20)).toEqual(['stuck']);
  });
});
