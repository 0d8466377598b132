import { expect, test } from 'vitest';
import { selectCells } from '../../src/plan/select-cells.js';
import { GOOD_FILES, GOOD_RECIPE } from '../recipe/good-recipe.js';
import { planText, refusal } from '../support/plan-text.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ids = async (selection: Parameters<typeof selectCells>[1]) => {
  const selected = selectCells(await planText(GOOD_RECIPE, temporaryFolder(GOOD_FILES)), selection);
  return { cells: selected.cells.map(({ id }) => id), exports: selected.exports.map(({ name }) => name) };
};

test('only a stage is the stage, what measures it, and what it needs', async () => {
  expect(await ids({ only: ['pruned'] })).toEqual({ cells: ['baseline', 'pruned', 'pruned.measure'], exports: [] });
});

test('what a gate compares with is needed', async () => {
  expect(await ids({ only: ['check'] })).toEqual({
    cells: ['baseline', 'baseline.measure', 'pruned', 'student', 'check'],
    exports: ['model'],
  });
});

test('from a stage on is the stage, what comes after it, and what those need', async () => {
  expect(await ids({ fromStage: ['student'] })).toEqual({
    cells: ['baseline', 'baseline.measure', 'pruned', 'student', 'student.measure', 'check'],
    exports: ['model'],
  });
});

test('without a selection the plan stays whole', async () => {
  expect((await ids({})).cells).toHaveLength(7);
});

test('unknown stages are refused together, with suggestions', async () => {
  const plan = await planText(GOOD_RECIPE, temporaryFolder(GOOD_FILES));
  expect(
    await refusal(async () => selectCells(plan, { only: ['prund'], fromStage: ['x'] }), '/'),
  ).toMatchInlineSnapshot(`
    "--only prund: there is no such stage.
    Did you mean "pruned"?  [PLAN_SELECTION]

    --from-stage x: there is no such stage.
    Known: baseline, pruned, student, check.  [PLAN_SELECTION]"
  `);
});
