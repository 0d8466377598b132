import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { machineMemory, memoryBudget } from '../../src/run/memory-budget.js';
import { type FakeExecutor, fakeExecutor, runSketch, sketchPlan } from '../support/plan-rig.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

describe('what stages may hold together', () => {
  it('is four fifths of what is free, or of what a container may use if that is less', () => {
    expect(memoryBudget({ free: 10 * GIB, limit: 16 * GIB })).toBe(8 * GIB);
    expect(memoryBudget({ free: 10 * GIB, limit: 5 * GIB })).toBe(4 * GIB);
  });

  it('is something on this machine', () => {
    const { free, limit } = machineMemory();
    expect(free).toBeGreaterThan(0);
    expect(free).toBeLessThanOrEqual(limit);
    expect(limit).toBeLessThanOrEqual(totalmem());
  });
});

describe('stages of a run', () => {
  /** The first runs until the second has begun, if that may; all others for a moment. */
  async function mostAtOnce(estimates: readonly (number | undefined)[], memory: number, expected: 1 | 2) {
    let meet = () => {};
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    const executor: FakeExecutor = fakeExecutor(async () => {
      if (executor.begun.length === expected) meet();
      await met;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return {};
    });
    const plan = sketchPlan(estimates.map((_, index) => ({ id: `s${index}` })));
    const { events, statuses } = await runSketch(temporaryFolder(), plan, executor, {
      ...{ jobs: 4, cores: 4, memory },
      memoryOf: ({ id }) => estimates[Number(id.slice(1))],
    });
    expect(statuses).toEqual(estimates.map((_, index) => `s${index} ran`));
    const warnings = events.flatMap((event) => (event.type === 'stage-log' ? [[event.cell, event.message]] : []));
    return { most: executor.mostAtOnce(), warnings };
  }

  // A process is counted with 110 MiB besides its estimate.
  it('run at a time as far as their estimates allow', async () => {
    const [small, large] = [290 * MIB, 490 * MIB];
    expect(await mostAtOnce([large, large, large], 1000 * MIB, 1)).toEqual({ most: 1, warnings: [] });
    expect(await mostAtOnce([small, small, small], 1000 * MIB, 2)).toEqual({ most: 2, warnings: [] });
  });

  it('of which nothing is known count as processes that do nothing', async () => {
    expect((await mostAtOnce([undefined, undefined, undefined], 230 * MIB, 2)).most).toBe(2);
  });

  it('that need more than there is run one at a time, with a warning', async () => {
    expect(await mostAtOnce([2000 * MIB, undefined], 1000 * MIB, 1)).toEqual({
      most: 1,
      warnings: [
        [
          's0',
          'may take 2110 MiB of memory, of which stages have 1000 MiB together (--memory): it runs with no other beside it',
        ],
      ],
    });
  });
});
