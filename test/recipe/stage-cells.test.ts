// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import { describe, expect, test } from 'vitest';
import { cellId } from '../../src/recipe/labels.js';
import { parseRecipe } from '../../src/recipe/load.js';
import { refusal } from '../support/plan-text.js';

const parse = (stages: string, settings: readonly string[] = []) =>
  parseRecipe(`version: 1\nparams: { keeps: [0.2, 0.1], rate: 3 }\nstages:\n${stages}`, '/home/u/recipe.yaml', {
    settings,
    environment: {},
  });

/** "cell: options" of every cell. */
async function cells(stages: string, settings: readonly string[] = []): Promise<string[]> {
  const recipe = await parse(stages, settings);
  return recipe.stages.flatMap(({ id, cells }) =>
    cells.map(({ labels, with: options }) => `${cellId(id, labels)} ${JSON.stringify(options)}`),
  );
}

const complaint = (stages: string) => refusal(() => parse(stages), '/home/u');

describe('the cells of a stage', () => {
  test('have their own options, with references to labels as whole values and inside texts', async () => {
    expect(
      await cells(
        '  - { id: a, uses: b, matrix: { k: [1, x] }, with: { v: "${{ matrix.k }}", w: ["<${{ matrix.k }}/${{ params.rate }}>"] } }',
      ),
    ).toEqual(['a[k=1] {"v":1,"w":["<1/3>"]}', 'a[k=x] {"v":"x","w":["<x/3>"]}']);
  });

  test('may come from a parameter, and so from the command line', async () => {
    const stage = '  - { id: a, uses: b, matrix: { keep: "${{ params.keeps }}" } }';
    expect(await cells(stage)).toEqual(['a[keep=0.2] {}', 'a[keep=0.1] {}']);
    expect(await cells(stage, ['keeps=[0.5]'])).toEqual(['a[keep=0.5] {}']);
  });

  test('are those of the stage under each, wherever it stands, times its own', async () => {
    const stages = `  - { id: c, uses: x, each: b, matrix: { n: [1, 2] }, with: { n: "\${{ matrix.n }}", k: "\${{ matrix.k }}" } }
  - { id: b, uses: x, each: a }
  - { id: a, uses: x, matrix: { k: [5, 6] } }
  - { id: alone, uses: x, each: one }
  - { id: one, uses: x }
`;
    expect(await cells(stages)).toEqual([
      'c[k=5,n=1] {"n":1,"k":5}',
      'c[k=5,n=2] {"n":2,"k":5}',
      'c[k=6,n=1] {"n":1,"k":6}',
      'c[k=6,n=2] {"n":2,"k":6}',
      'b[k=5] {}',
      'b[k=6] {}',
      'a[k=5] {}',
      'a[k=6] {}',
      'alone {}',
      'one {}',
    ]);
  });

  test('may have limits of their own', async () => {
    const recipe = await parse(
      '  - { id: a, uses: b, matrix: { least: [90%, 95%] }, expect: { accuracy: { min: "${{ matrix.least }}" } } }',
    );
    expect(recipe.stages[0]!.cells.map(({ expect: gates }) => gates)).toEqual([
      { accuracy: { min: '90%' } },
      { accuracy: { min: '95%' } },
    ]);
  });
});

describe('what is wrong with a matrix is shown at its place', () => {
  test('unknown labels, each once however many cells there are', async () => {
    expect(
      await complaint(`  - id: a
    uses: b
    matrix: { keep: [1, 2], include: [{ keep: 1, bits: 8 }] }
    with: { v: "\${{ matrix.kep }}", w: "\${{ matrix.bits }}" }
`),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:7:17 "kep" has no value in a[bits=8,keep=1].
          with: { v: "\${{ matrix.kep }}", w: "\${{ matrix.bits }}" }
                      ~~~~~~~~~~~~~~~~~
      Did you mean "keep"?  [RECIPE_REFERENCE]

      recipe.yaml:7:41 "bits" has no value in a[keep=2].
          with: { v: "\${{ matrix.kep }}", w: "\${{ matrix.bits }}" }
                                              ~~~~~~~~~~~~~~~~~~
      Known: keep.  [RECIPE_REFERENCE]"
    `);
  });

  test('references where cells cannot differ', async () => {
    expect(
      await complaint(`  - { id: a, uses: b, matrix: { keep: [1, 2] }, timeout: "\${{ matrix.keep }}" }
`),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:4:59 This cannot differ from cell to cell.
        - { id: a, uses: b, matrix: { keep: [1, 2] }, timeout: "\${{ matrix.keep }}" }
                                                                ~~~~~~~~~~~~~~~~~~
      References to a matrix may stand under "with" and "expect" of a stage.  [RECIPE_REFERENCE]"
    `);
  });

  test('values and entries', async () => {
    expect(
      await complaint(`  - { id: a, uses: b, matrix: { keep: [0.1, 0.10], bits: [8] } }
  - { id: b, uses: b, matrix: { keep: [0.1, 0.2], exclude: [{ keep: 0.3 }] } }
  - { id: c, uses: b, each: a, matrix: { bits: [1] } }
  - { id: d, uses: b, each: b, matrix: { keep: [1] } }
`),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:4:45 0.1 is in this list twice.
        - { id: a, uses: b, matrix: { keep: [0.1, 0.10], bits: [8] } }
                                                  ~~~~
      Remove one.  [RECIPE_MATRIX]

      recipe.yaml:5:69 No cell has keep=0.3.
        - { id: b, uses: b, matrix: { keep: [0.1, 0.2], exclude: [{ keep: 0.3 }] } }
                                                                          ~~~
      "keep" is 0.1 or 0.2.  [RECIPE_MATRIX]"
    `);
  });

  test('forms', async () => {
    expect(
      await complaint(`  - { id: a, uses: b, matrix: {} }
  - { id: b, uses: b, matrix: { keep: [] } }
  - { id: c, uses: b, matrix: { keep: 0.1 } }
  - { id: d, uses: b, matrix: { keep: [{ a: 1 }] } }
  - { id: e, uses: b, matrix: { keep: [1], exclde: [{ keep: 1 }] } }
`),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:4:31 "matrix" takes at least 1 key, not 0.
        - { id: a, uses: b, matrix: {} }
                                    ~~
      Known: include, exclude.  [RECIPE_VALUE]

      recipe.yaml:5:39 "keep" takes a list of values, not an empty list.
        - { id: b, uses: b, matrix: { keep: [] } }
                                            ~~
      [RECIPE_VALUE]

      recipe.yaml:6:39 "keep" takes a list of values, not the number 0.1.
        - { id: c, uses: b, matrix: { keep: 0.1 } }
                                            ~~~
      [RECIPE_TYPE]

      recipe.yaml:7:40 Item 1 of "keep" takes a number, a text, true or false, not a mapping.
        - { id: d, uses: b, matrix: { keep: [{ a: 1 }] } }
                                             ~~~~~~~~
      [RECIPE_TYPE]

      recipe.yaml:8:44 "exclde" is a list of values, not of mappings.
        - { id: e, uses: b, matrix: { keep: [1], exclde: [{ keep: 1 }] } }
                                                 ~~~~~~
      Did you mean "exclude"?  [RECIPE_UNKNOWN_KEY]"
    `);
  });

  test('stages that are followed', async () => {
    expect(
      await complaint(`  - { id: pruned, uses: b, each: pruend }
  - { id: a, uses: b, each: c }
  - { id: c, uses: b, each: a }
  - { id: d, uses: b, each: d }
`),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:4:34 There is no stage "pruend".
        - { id: pruned, uses: b, each: pruend }
                                       ~~~~~~
      Known: a, c, d.  [RECIPE_EACH]

      recipe.yaml:6:29 "a" follows "c" follows "a".
        - { id: c, uses: b, each: a }
                                  ~
      Let one of them have the matrix.  [RECIPE_EACH]

      recipe.yaml:7:29 "d" follows itself.
        - { id: d, uses: b, each: d }
                                  ~
      Let one of them have the matrix.  [RECIPE_EACH]"
    `);
  });

  test('more cells than anybody can mean', async () => {
    const values = JSON.stringify(Array.from({ length: 101 }, (_, index) => index));
    expect(
      await complaint(`  - id: a
    uses: b
    matrix: { x: ${values}, y: ${values} }
  - { id: b, uses: b, matrix: { x: ${values} } }
  - { id: c, uses: b, each: b, matrix: { y: ${values.replace(',100]', ']')} } }
`),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:6:5 The matrix of "a" has 10201 cells; a recipe may have 10000.
          matrix: { x: [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33, …
          ~~~~~~
      Shorten a list, exclude combinations, or split the recipe.  [RECIPE_MATRIX_SIZE]

      recipe.yaml:8:32 The matrix of "c" has 10100 cells; a recipe may have 10000.
      … , uses: b, each: b, matrix: { y: [0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28 …
                            ~~~~~~
      Shorten a list, exclude combinations, or split the recipe.  [RECIPE_MATRIX_SIZE]"
    `);
  });
});
