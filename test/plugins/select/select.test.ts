import { describe, expect, it } from 'vitest';
import select from '../../../plugins/select/index.js';
import type { Json } from '../../../src/core/canonical-json.js';
import { isUserError } from '../../../src/core/errors.js';
import type { CollectedModel, StageContext } from '../../../src/plugin/stage.js';
import { stageOptions } from '../../support/run-stage.js';

type Metrics = Readonly<Record<string, Json>>;

/** A sweep of which each cell lies on a curve: less weights, fewer bytes, and less accuracy from some point on. */
const CELLS: Readonly<Record<string, Metrics>> = {
  'keep=0.05': { accuracy: 0.9, bytes: 500, latencyMs: { p50: 3 } },
  'keep=0.1': { accuracy: 0.96, bytes: 1000, latencyMs: { p50: 3 } },
  'keep=0.2': { accuracy: 0.97, bytes: 2000, latencyMs: { p50: 2 } },
  'keep=0.3': { accuracy: 0.96, bytes: 3000, latencyMs: { p50: 1 } },
  'keep=0.4': { accuracy: 0.972, bytes: 4000, latencyMs: { p50: 1 } },
};

/** What the stage reports when it chooses among cells. */
async function choose(given: object, cells: Readonly<Record<string, Metrics>> = CELLS) {
  const metrics: Record<string, Json> = {};
  const chosen: string[] = [];
  const collected = Object.entries(cells).map(([label, each]): CollectedModel => {
    const load = () => Promise.reject(new Error('a choice reads no model'));
    return { label, labels: {}, metrics: each, path: '', digest: label, load };
  });
  const context: Partial<StageContext<unknown>> = {
    options: stageOptions(select, given, []),
    collected,
    choose: (output, { label }) => void chosen.push(`${output}: ${label}`),
    metric: (name, value) => void Object.assign(metrics, { [name]: value }),
    log: { debug() {}, info() {}, warn() {} },
  };
  expect(await select.run(context as StageContext<unknown>)).toEqual({});
  expect(chosen).toEqual([`model: ${metrics.chosen}`]);
  return metrics;
}

async function refusal(given: object, cells?: Readonly<Record<string, Metrics>>): Promise<string> {
  try {
    await choose(given, cells);
  } catch (error) {
    if (isUserError(error)) return `${error.message} [${error.code}]`;
    throw error;
  }
  return 'accepted';
}

describe('select', () => {
  it('chooses the best by one metric, and reports what it knows of it', async () => {
    expect(await choose({ maximize: 'accuracy' })).toEqual({
      chosen: 'keep=0.4',
      candidates: 5,
      front: [{ cell: 'keep=0.4', accuracy: 0.972 }],
      accuracy: 0.972,
      bytes: 4000,
      latencyMs: { p50: 1 },
    });
    expect(await choose({ minimize: 'bytes' })).toMatchObject({ chosen: 'keep=0.05' });
  });

  it('chooses the best compromise of several, from those that no other one beats', async () => {
    // Scaled over the front, 1 - accuracy and bytes sum up to 1, 0.31, 0.46 and 1: see the knee in pareto.test.ts.
    expect(await choose({ maximize: 'accuracy', minimize: 'bytes' })).toMatchObject({
      chosen: 'keep=0.1',
      front: [
        { cell: 'keep=0.4', accuracy: 0.972, bytes: 4000 },
        { cell: 'keep=0.2', accuracy: 0.97, bytes: 2000 },
        { cell: 'keep=0.1', accuracy: 0.96, bytes: 1000 },
        { cell: 'keep=0.05', accuracy: 0.9, bytes: 500 },
      ],
    });
  });

  it('chooses the best in the metric that is named first if told to; the next ones decide between equals', async () => {
    expect(await choose({ maximize: 'accuracy', minimize: 'bytes', pick: 'first' })).toMatchObject({
      chosen: 'keep=0.4',
    });
    expect(await choose({ minimize: ['latencyMs.p50', 'bytes'], pick: 'first' }, withP50(CELLS))).toMatchObject({
      chosen: 'keep=0.3',
    });
  });

  it('takes the first by label of equals', async () => {
    const equal = { a: { accuracy: 0.9 }, b: { accuracy: 0.9 } };
    expect(await choose({ maximize: 'accuracy' }, equal)).toMatchObject({
      chosen: 'a',
      front: [{ cell: 'a' }, { cell: 'b' }],
    });
  });

  it('leaves out what does not keep its limits, in whatever unit they are written', async () => {
    const require = [{ metric: 'accuracy', min: '97%' }];
    expect(await choose({ minimize: 'bytes', require })).toMatchObject({ chosen: 'keep=0.2' });
    const most = [{ metric: 'bytes', max: '1k' }];
    expect(await choose({ maximize: 'accuracy', require: most })).toMatchObject({ chosen: 'keep=0.1' });
  });

  it('says which cell comes nearest if none keeps them', async () => {
    expect(await refusal({ minimize: 'bytes', require: [{ metric: 'accuracy', min: '98%' }] })).toMatchInlineSnapshot(
      `"No cell has accuracy >= 98%; the nearest, keep=0.4, has 0.972. Loosen the limit, or let the sweep try other values. [SELECT_NONE]"`,
    );
    const require = [
      { metric: 'accuracy', min: 0.97 },
      { metric: 'bytes', max: 1500 },
    ];
    expect(await refusal({ minimize: 'bytes', require })).toMatchInlineSnapshot(
      `"No cell that keeps the limits before it has bytes <= 1500; the nearest, keep=0.2, has 2000. Loosen the limit, or let the sweep try other values. [SELECT_NONE]"`,
    );
  });

  it('refuses a metric that a cell does not have, or that is not one number', async () => {
    expect(await refusal({ maximize: 'accuracy' }, { a: { accuracy: null } })).toMatchInlineSnapshot(
      `"The cell a does not report "accuracy". Choose by another metric. [SELECT_METRIC]"`,
    );
    expect(await refusal({ minimize: 'latencyMs' })).toMatchInlineSnapshot(
      `""latencyMs" of the cell keep=0.05 is not a single number. Name one of its values: latencyMs.p50. [SELECT_METRIC]"`,
    );
  });

  it('refuses to choose by nothing, or by a metric that shall be large and small', async () => {
    expect(await refusal({})).toMatch('SELECT_OBJECTIVE');
    expect(await refusal({ maximize: ['a', 'b'], minimize: 'b' })).toMatch('"b" cannot be maximized and minimized');
  });
});

/** As the plan reads them: a value inside a metric under its whole name. */
function withP50(cells: typeof CELLS): typeof CELLS {
  const read = ({ bytes, latencyMs }: Metrics) => ({
    bytes: bytes!,
    'latencyMs.p50': (latencyMs as { p50: number }).p50,
  });
  return Object.fromEntries(Object.entries(cells).map(([label, metrics]) => [label, read(metrics)]));
}
