import { expect, test } from 'vitest';
import { planText, refusal } from '../support/plan-text.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const recipe = (tolerance: string) => `version: 1
data: { digits: { uses: csv, with: { file: digits.csv } } }
measure: { data: digits }
stages:
  - { id: base, uses: train, with: { network: mlp, data: digits } }
  - id: pruned
    uses: prune
    matrix: { keep: [0.2, 0.1] }
    with: { keep: "\${{ matrix.keep }}" }
    tolerance: ${tolerance}
`;
const FILES = { 'digits.csv': 'a,label\n1,0\n' };

test('tolerances belong to all cells of a stage, and to the cell that reports the metric', async () => {
  const { cells } = await planText(recipe('{ sparsity: 0.02, gzipBytes: 10% }'), temporaryFolder(FILES));
  const found = Object.fromEntries(cells.map(({ id, tolerances }) => [id, tolerances]));
  const own = { sparsity: { absolute: 0.02, relative: 0 } };
  const measured = { gzipBytes: { absolute: 0, relative: 0.1 } };
  expect(found).toEqual({
    base: {},
    'base.measure': {},
    'pruned[keep=0.2]': own,
    'pruned[keep=0.2].measure': measured,
    'pruned[keep=0.1]': own,
    'pruned[keep=0.1].measure': measured,
  });
});

test('what is no metric or no tolerance is refused at its place', async () => {
  const folder = temporaryFolder(FILES);
  expect(await refusal(() => planText(recipe('{ sparsty: 0.02 }'), folder), folder)).toMatchInlineSnapshot(`
    "recipe.yaml:10:18 "sparsty" is no metric of pruned (prune).
        tolerance: { sparsty: 0.02 }
                     ~~~~~~~
    Did you mean "sparsity"?  [PLAN_TOLERANCE]"
  `);
  expect(
    await refusal(() => planText(recipe('{ sparsity: -1, gzipBytes: 10k }'), folder), folder),
  ).toMatchInlineSnapshot(`
    "recipe.yaml:10:28 "sparsity" takes a number not below 0, or a share of the locked value such as 5%, not the number -1.
        tolerance: { sparsity: -1, gzipBytes: 10k }
                               ~~
    [RECIPE_VALUE]

    recipe.yaml:10:43 "gzipBytes" takes a number not below 0, or a share of the locked value such as 5%, not the text "10k".
        tolerance: { sparsity: -1, gzipBytes: 10k }
                                              ~~~
    [RECIPE_VALUE]"
  `);
});
