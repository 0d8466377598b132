import { describe, expect, it } from 'vitest';
import type { Cell, Source } from '../../src/plan/plan.js';
import { remainingOf } from '../../src/plan/remaining.js';
import { sketchPlan } from '../support/plan-rig.js';

const modelOf = (cell: string): Source => ({ kind: 'cell', cell, slot: 'model' });

/** Collects checks of two tuned models, reads what the measuring cells report, and takes a teacher besides. */
function collecting(): Cell {
  const [cell] = sketchPlan([{ id: 'best' }]).cells;
  const labels = [1, 2];
  return {
    ...cell!,
    inputs: {
      teacher: modelOf('big'),
      'collected:n=1': modelOf('tuned[n=1]'),
      'collected:n=2': modelOf('tuned[n=2]'),
    },
    collected: Object.fromEntries(
      labels.map((n) => [
        `n=${n}`,
        {
          cell: `check[n=${n}]`,
          labels: { n },
          metrics: {
            accuracy: { cell: `check[n=${n}]`, path: ['accuracy'] },
            macs: { cell: `m[n=${n}]`, path: ['macs'] },
          },
        },
      ]),
    ),
    dependsOn: ['big', 'gate', ...labels.flatMap((n) => [`tuned[n=${n}]`, `check[n=${n}]`, `m[n=${n}]`])],
  };
}

describe('what remains of a cell that collects', () => {
  it.each(['tuned[n=2]', 'check[n=2]', 'm[n=2]'])('is all but the label for which %s was needed', (missing) => {
    const { cell, lost, blocker } = remainingOf(collecting(), new Set([missing]));
    expect(Object.keys(cell.collected!)).toEqual(['n=1']);
    expect(Object.keys(cell.inputs)).toEqual(['teacher', 'collected:n=1']);
    expect({ lost, blocker }).toEqual({ lost: ['n=2'], blocker: undefined });
  });

  it('is everything if nothing is missing', () => {
    const cell = collecting();
    expect(remainingOf(cell, new Set())).toEqual({ cell, lost: [], blocker: undefined });
  });

  it('cannot do without what it needs besides', () => {
    expect(remainingOf(collecting(), new Set(['big'])).blocker).toBe('big');
    expect(remainingOf(collecting(), new Set(['check[n=2]', 'gate'])).blocker).toBe('gate');
  });

  it('cannot do without a model that it takes besides, though it collects it as well', () => {
    const cell = collecting();
    const both = { ...cell, inputs: { ...cell.inputs, teacher: modelOf('tuned[n=2]') } };
    expect(remainingOf(both, new Set(['tuned[n=2]'])).blocker).toBe('tuned[n=2]');
  });

  it('is nothing if none of the collected cells is left', () => {
    expect(remainingOf(collecting(), new Set(['check[n=1]', 'm[n=2]'])).blocker).toBe('check[n=1]');
  });
});
