// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import { describe, expect, test } from 'vitest';
import { cacheKey, keyRecord } from '../../src/plan/key.js';
import type { Cell, Plan } from '../../src/plan/plan.js';
import { selectCells } from '../../src/plan/select-cells.js';
import { planText, refusal } from '../support/plan-text.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const FILES = { 'data/digits.csv': 'a,label\n1,0\n', 'face.onnx': 'face' };

const recipe = (stages: string, head = '') => `version: 1
data: { digits: { uses: csv, with: { file: data/digits.csv } } }
${head}
stages:
  - { id: base, uses: train, with: { network: mlp, data: digits } }
${stages}`;

const plan = (stages: string, head = ''): Promise<Plan> => planText(recipe(stages, head), temporaryFolder(FILES));

async function complaint(stages: string, head = ''): Promise<string> {
  const folder = temporaryFolder(FILES);
  return refusal(() => planText(recipe(stages, head), folder), folder);
}

const cell = ({ cells }: Plan, id: string): Cell => {
  const found = cells.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no ${id} among ${cells.map((each) => each.id).join(' ')}`);
  return found;
};

const PRUNED = '  - { id: pruned, uses: prune, matrix: { keep: [0.2, 0.1] }, with: { keep: "${{ matrix.keep }}" } }\n';
const TUNED = '  - { id: tuned, uses: prune, each: pruned, with: { keep: 1 } }\n';
const CHECK = '  - { id: check, uses: evaluate, each: tuned, with: { data: digits } }\n';
const BEST = '  - { id: best, uses: select, collect: check, with: { maximize: accuracy, minimize: gzipBytes } }\n';

describe('the cells of a sweep', () => {
  test('have ids, labels, options and seeds of their own', async () => {
    const { cells } = await plan(PRUNED);
    expect(cells.map(({ id, stage, labels, options }) => [id, stage, labels, options.keep])).toEqual([
      ['base', 'base', {}, 'best'],
      ['pruned[keep=0.2]', 'pruned', { keep: 0.2 }, 0.2],
      ['pruned[keep=0.1]', 'pruned', { keep: 0.1 }, 0.1],
    ]);
    expect(new Set(cells.map(({ seed }) => seed)).size).toBe(3);
  });

  test('take the model of the cell that they follow, wherever stages pass it on', async () => {
    const found = await plan(
      `${PRUNED}${TUNED}${CHECK}  - { id: last, uses: prune, each: check, with: { keep: 1 } }\n`,
    );
    expect(cell(found, 'tuned[keep=0.1]').inputs).toEqual({
      model: { kind: 'cell', cell: 'pruned[keep=0.1]', slot: 'model' },
    });
    expect(cell(found, 'last[keep=0.2]')).toMatchObject({
      inputs: { model: { kind: 'cell', cell: 'tuned[keep=0.2]', slot: 'model' } },
      dependsOn: ['tuned[keep=0.2]', 'check[keep=0.2]'],
    });
  });

  test('of a further matrix find the one whose labels they share', async () => {
    const found = await plan(
      `${PRUNED}  - { id: t, uses: transfer, each: pruned, matrix: { n: [1, 2] }, from: { teacher: base, student: pruned } }\n`,
    );
    expect(cell(found, 't[keep=0.1,n=2]').inputs).toMatchObject({
      teacher: { cell: 'base' },
      student: { cell: 'pruned[keep=0.1]' },
    });
  });

  test('find their partner in from, options and gates of other stages, too; needs and one cell alone need no partner', async () => {
    const found = await plan(
      `${PRUNED}${TUNED}  - id: check
    uses: evaluate
    each: tuned
    needs: [pruned]
    with: { data: digits, against: pruned }
    expect: { accuracy: { maxDrop: 1%, from: pruned } }
  - { id: other, uses: prune, from: "pruned[keep=0.1]", needs: [pruned], with: { keep: 1 } }
`,
      'measure: { data: digits }',
    );
    const check = cell(found, 'check[keep=0.1]');
    expect(check.inputs['option:pruned']).toMatchObject({ cell: 'pruned[keep=0.1]' });
    expect(check.gates).toMatchObject([{ metric: 'accuracy', against: 'pruned[keep=0.1].measure' }]);
    expect(check.dependsOn).not.toContain('pruned[keep=0.2]');
    expect(cell(found, 'other')).toMatchObject({
      inputs: { model: { cell: 'pruned[keep=0.1]' } },
      dependsOn: ['pruned[keep=0.1]', 'pruned[keep=0.2]'],
    });
  });

  test('are measured one by one', async () => {
    const found = await plan(PRUNED, 'measure: { data: digits }');
    expect(found.cells.map(({ id }) => id)).toEqual([
      'base',
      'base.measure',
      'pruned[keep=0.2]',
      'pruned[keep=0.2].measure',
      'pruned[keep=0.1]',
      'pruned[keep=0.1].measure',
    ]);
    expect(cell(found, 'pruned[keep=0.1].measure')).toMatchObject({ stage: 'pruned', isMeasure: true });
  });

  test('run alone by the id of the stage or of the cell', async () => {
    const ids = (only: string) =>
      plan(`${PRUNED}${TUNED}`).then((all) => selectCells(all, { only: [only] }).cells.map(({ id }) => id));
    expect(await ids('tuned[keep=0.1]')).toEqual(['base', 'pruned[keep=0.1]', 'tuned[keep=0.1]']);
    expect(await ids('pruned')).toEqual(['base', 'pruned[keep=0.2]', 'pruned[keep=0.1]']);
  });
});

describe('a stage that collects', () => {
  test('takes the models and the named metrics of all cells, sorted by label', async () => {
    const best = cell(await plan(`${PRUNED}${TUNED}${CHECK}${BEST}`), 'best');
    expect(best.inputs).toEqual({
      'collected:keep=0.1': { kind: 'cell', cell: 'tuned[keep=0.1]', slot: 'model' },
      'collected:keep=0.2': { kind: 'cell', cell: 'tuned[keep=0.2]', slot: 'model' },
    });
    expect(Object.keys(best.inputs)).toEqual(['collected:keep=0.1', 'collected:keep=0.2']);
    expect(best.collected!['keep=0.1']).toEqual({
      cell: 'check[keep=0.1]',
      labels: { keep: 0.1 },
      metrics: {
        accuracy: { cell: 'check[keep=0.1]', path: ['accuracy'] },
        gzipBytes: { cell: 'check[keep=0.1]', path: ['gzipBytes'] },
      },
    });
    expect([...best.dependsOn].sort()).toEqual([
      'check[keep=0.1]',
      'check[keep=0.2]',
      'tuned[keep=0.1]',
      'tuned[keep=0.2]',
    ]);
  });

  test('reads the metrics that measure adds, and values inside of others', async () => {
    const best = cell(
      await plan(
        `${PRUNED}  - { id: best, uses: select, collect: pruned, with: { maximize: accuracy, minimize: latencyP50.low } }\n`,
        'measure: { data: digits }',
      ),
      'best',
    );
    expect(best.collected!['keep=0.1']!.metrics).toEqual({
      accuracy: { cell: 'pruned[keep=0.1].measure', path: ['accuracy'] },
      'latencyP50.low': { cell: 'pruned[keep=0.1].measure', path: ['latencyP50', 'low'] },
    });
    expect(best.dependsOn).toContain('pruned[keep=0.2].measure');
  });

  test('and has a matrix or follows another takes the cells that share its labels', async () => {
    const found =
      await plan(`  - { id: wide, uses: prune, matrix: { n: [1, 2], keep: [0.2, 0.1] }, with: { keep: "\${{ matrix.keep }}" } }
  - { id: check, uses: evaluate, each: wide, with: { data: digits } }
  - { id: best, uses: select, collect: check, matrix: { n: [1, 2] }, with: { maximize: accuracy } }
`);
    expect(Object.keys(cell(found, 'best[n=2]').collected!)).toEqual(['keep=0.1,n=2', 'keep=0.2,n=2']);
  });

  test('gives its choice to whoever names it, may be exported and gated by what it chose by', async () => {
    const gated = BEST.replace(' }\n', ', expect: { accuracy: { min: 90% }, gzipBytes: { max: 60k } } }\n');
    const found = await plan(
      `${PRUNED}${TUNED}${CHECK}${gated}  - { id: after, uses: prune, with: { keep: 1 } }\n`,
      'exports: { model: { from: best, to: m.onnx } }',
    );
    expect(cell(found, 'after').inputs).toEqual({ model: { kind: 'cell', cell: 'best', slot: 'model' } });
    expect(found.exports).toMatchObject([{ cell: 'best', slot: 'model' }]);
    expect(cell(found, 'best').gates.map(({ metric, gate }) => [metric, gate])).toEqual([
      ['accuracy', { min: 0.9 }],
      ['gzipBytes', { max: 60_000 }],
    ]);
  });
});

describe('exports of a sweep', () => {
  test('write one cell, or each into a file of its own', async () => {
    const head =
      'exports: { one: { from: "pruned[keep=0.1]", to: one.onnx }, all: { from: "pruned[*]", to: "x/{cell}.onnx" } }';
    const { exports } = await plan(PRUNED, head);
    expect(exports.map(({ name, cell, to }) => [name, cell, to.split('/').slice(-1)[0]])).toEqual([
      ['one', 'pruned[keep=0.1]', 'one.onnx'],
      ['all[keep=0.2]', 'pruned[keep=0.2]', 'keep=0.2.onnx'],
      ['all[keep=0.1]', 'pruned[keep=0.1]', 'keep=0.1.onnx'],
    ]);
  });

  test('have names that a file may have', async () => {
    const stage = '  - { id: p, uses: prune, matrix: { way: ["a/../b", "c d"] }, with: { keep: 1 } }\n';
    const { exports } = await plan(stage, 'exports: { all: { from: "p[*]", to: "x/{cell}.onnx" } }');
    expect(exports.map(({ to }) => to.split('/x/')[1])).toEqual(['way=a_.._b.onnx', 'way=_c_d_.onnx']);
  });
});

describe('keys', () => {
  const RUNTIME = { onnxruntime: '1', provider: 'cpu', cpuClass: 'x' };
  const key = (of: Cell) => {
    const digests = Object.fromEntries(Object.keys(of.inputs).map((slot) => [slot, `digest of ${slot}`]));
    const metrics = Object.fromEntries(
      Object.keys(of.collected ?? {}).map((label) => [label, { accuracy: label.length }]),
    );
    return cacheKey(keyRecord(of, digests, RUNTIME, metrics));
  };
  const keys = async (...stages: string[]) => {
    const { cells } = await plan(stages.join(''));
    return Object.fromEntries(cells.map((each) => [each.id, key(each)]).sort());
  };

  test('do not change with the order of lists, entries and keys, nor with what else is tried', async () => {
    const sweep = (matrix: string) =>
      keys(
        `  - { id: p, uses: prune, matrix: ${matrix}, with: { keep: "\${{ matrix.keep }}", scope: "\${{ matrix.scope }}" } }\n`,
        CHECK.replace('tuned', 'p'),
        BEST,
      );
    const one = await sweep(
      '{ keep: [0.2, 0.1], scope: [layer, global], include: [{ keep: 0.3, scope: layer }, { keep: 0.4, scope: layer }] }',
    );
    const other = await sweep(
      '{ scope: [global, layer], keep: [0.1, 0.2], include: [{ scope: layer, keep: 0.4 }, { scope: layer, keep: 0.3 }] }',
    );
    expect(other).toEqual(one);
    const more = await sweep('{ keep: [0.2, 0.1, 0.05], scope: [layer, global] }');
    for (const [id, value] of Object.entries(more)) if (id in one && id !== 'best') expect(value).toBe(one[id]);
    expect(more.best).not.toBe(one.best);
  });

  test('of a stage without cells are what they were before there were any', async () => {
    const { cells } = await plan('');
    expect(Object.keys(keyRecord(cells[0]!, {}, RUNTIME) as object)).not.toContain('collected');
  });

  test('of a choice have the models and the metrics that it reads, and none that it does not', async () => {
    const best = cell(await plan(`${PRUNED}${TUNED}${CHECK}${BEST}`), 'best');
    const digests = { 'collected:keep=0.1': 'a', 'collected:keep=0.2': 'b' };
    const record = (accuracy: number, model = 'a') =>
      cacheKey(
        keyRecord(best, { ...digests, 'collected:keep=0.1': model }, RUNTIME, {
          'keep=0.1': { accuracy, gzipBytes: 1 },
          'keep=0.2': { accuracy: 0.8, gzipBytes: 2 },
        }),
      );
    expect(record(0.9)).toBe(record(0.9));
    expect(record(0.91)).not.toBe(record(0.9));
    expect(record(0.9, 'c')).not.toBe(record(0.9));
  });
});

describe('what is refused', () => {
  test('a model of several cells where one is meant', async () => {
    expect(
      await complaint(
        `${PRUNED}  - { id: below, uses: prune, with: { keep: 1 } }
  - { id: named, uses: prune, from: pruned, with: { keep: 1 } }
  - { id: option, uses: evaluate, from: base, with: { data: digits, against: pruned } }
  - { id: wrong, uses: prune, from: "pruned[keep=0.3]", with: { keep: 1 } }
`,
        'exports: { a: { from: pruned, to: a.onnx }, b: { from: "pruned[*]", to: b.onnx }, c: { from: base, to: "{cell}" }, d: { from: "base[*]", to: "{cell}" } }',
      ),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:3:23 The stage "pruned" has 2 cells: which one is meant?
      … ports: { a: { from: pruned, to: a.onnx }, b: { from: "pruned[*]", to: b.onnx }, c: { from: base, to: "{cell}"  …
                            ~~~~~~
      Name one of them, "pruned[keep=0.2]", all of them, "pruned[*]", or a stage that selects one.  [PLAN_SEVERAL_CELLS]

      recipe.yaml:3:73 All cells of "pruned[*]" cannot go into one file.
      …  b: { from: "pruned[*]", to: b.onnx }, c: { from: base, to: "{cell}" }, d: { from: "base[*]", to: "{cell}" } }
                                     ~~~~~~
      Put {cell} into its name.  [PLAN_EXPORT]

      recipe.yaml:3:104 {cell} stands for the labels of several cells, and "base" is one model.
      …  b: { from: "pruned[*]", to: b.onnx }, c: { from: base, to: "{cell}" }, d: { from: "base[*]", to: "{cell}" } }
                                                                    ~~~~~~~~
      [PLAN_EXPORT]

      recipe.yaml:3:127 "base" has only one cell.
      …  b: { from: "pruned[*]", to: b.onnx }, c: { from: base, to: "{cell}" }, d: { from: "base[*]", to: "{cell}" } }
                                                                                           ~~~~~~~~~
      Write from: base, and a file without {cell}.  [PLAN_EXPORT]

      recipe.yaml:7:24 The stage above, "pruned", has 2 cells: which one is meant?
        - { id: below, uses: prune, with: { keep: 1 } }
                             ~~~~~
      Write "each: pruned" to go on with each of them, or name one: "pruned[keep=0.2]".  [PLAN_SEVERAL_CELLS]

      recipe.yaml:8:37 The stage "pruned" has 2 cells: which one is meant?
        - { id: named, uses: prune, from: pruned, with: { keep: 1 } }
                                          ~~~~~~
      Write "each: pruned" to go on with each of them, or name one: "pruned[keep=0.2]".  [PLAN_SEVERAL_CELLS]

      recipe.yaml:9:78 The stage "pruned" has 2 cells: which one is meant?
        - { id: option, uses: evaluate, from: base, with: { data: digits, against: pruned } }
                                                                                   ~~~~~~
      Write "each: pruned" to go on with each of them, or name one: "pruned[keep=0.2]".  [PLAN_SEVERAL_CELLS]

      recipe.yaml:10:37 "pruned[keep=0.3]" is no cell of the stage "pruned".
        - { id: wrong, uses: prune, from: "pruned[keep=0.3]", with: { keep: 1 } }
                                          ~~~~~~~~~~~~~~~~~~
      Did you mean "pruned[keep=0.2]"?  [PLAN_UNKNOWN_MODEL]"
    `);
  });

  test('a gate against several cells', async () => {
    const check =
      '  - { id: c, uses: evaluate, from: base, with: { data: digits }, expect: { accuracy: { maxDrop: 1%, from: pruned } } }\n';
    expect(await complaint(PRUNED + check, 'measure: { data: digits }')).toMatchInlineSnapshot(`
      "recipe.yaml:7:107 The stage "pruned" has 2 cells.
      … : c, uses: evaluate, from: base, with: { data: digits }, expect: { accuracy: { maxDrop: 1%, from: pruned } } }
                                                                                                          ~~~~~~
      Name one of them, for instance "pruned[keep=0.2]".  [PLAN_GATE]"
    `);
  });

  test('a metric to choose by that consists of several numbers, or has no such number', async () => {
    const select = (metric: string) =>
      `  - { id: by-${metric.length}, uses: select, collect: pruned, with: { maximize: accuracy, minimize: ${metric} } }\n`;
    expect(
      await complaint(`${PRUNED}${select('latencyMs')}${select('latencyMs.p59')}`, 'measure: { data: digits }'),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:7:86 "latencyMs" is not a single number.
        - { id: by-9, uses: select, collect: pruned, with: { maximize: accuracy, minimize: latencyMs } }
                                                                                           ~~~~~~~~~
      Known: latencyMs.p50, latencyMs.p95.  [PLAN_UNKNOWN_METRIC]

      recipe.yaml:8:87 "latencyMs.p59" is no metric of pruned (prune).
        - { id: by-13, uses: select, collect: pruned, with: { maximize: accuracy, minimize: latencyMs.p59 } }
                                                                                            ~~~~~~~~~~~~~
      Did you mean "latencyMs.p50"?  [PLAN_UNKNOWN_METRIC]"
    `);
  });

  test('a collection that makes no sense', async () => {
    expect(
      await complaint(`${PRUNED}  - { id: a, uses: prune, from: base, collect: pruned, with: { keep: 1 } }
  - { id: b, uses: select, with: { maximize: accuracy } }
  - { id: c, uses: select, collect: prund, with: { maximize: accuracy } }
  - { id: d, uses: select, collect: pruned, with: { maximize: accuracy } }
  - { id: e, uses: select, collect: pruned, matrix: { keep: [0.5] }, with: { maximize: sparsity } }
  - { id: f, uses: select, collect: pruned, from: base, with: { maximize: sparsity } }
`),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:7:39 prune does not take several cells together.
        - { id: a, uses: prune, from: base, collect: pruned, with: { keep: 1 } }
                                            ~~~~~~~
      Use "each" to run it once for each of them.  [PLAN_COLLECT]

      recipe.yaml:8:20 select takes the cells of a stage, and nothing says of which.
        - { id: b, uses: select, with: { maximize: accuracy } }
                         ~~~~~~
      Add "collect".  [PLAN_COLLECT]

      recipe.yaml:9:37 There is no stage "prund".
        - { id: c, uses: select, collect: prund, with: { maximize: accuracy } }
                                          ~~~~~
      Did you mean "pruned"?  [PLAN_UNKNOWN_STAGE]

      recipe.yaml:10:63 "accuracy" is no metric of pruned (prune).
        - { id: d, uses: select, collect: pruned, with: { maximize: accuracy } }
                                                                    ~~~~~~~~
      Known: sparsity.  [PLAN_UNKNOWN_METRIC]

      recipe.yaml:11:37 No cell of "pruned" goes with keep=0.5.
        - { id: e, uses: select, collect: pruned, matrix: { keep: [0.5] }, with: { maximize: sparsity } }
                                          ~~~~~~
      Collect another stage.  [PLAN_COLLECT]

      recipe.yaml:12:45 select takes no model.
        - { id: f, uses: select, collect: pruned, from: base, with: { maximize: sparsity } }
                                                  ~~~~
      Remove "from"; use "needs" for the order alone.  [PLAN_NO_INPUT]"
    `);
  });

  test('an option that does not fit, at the value in the matrix, once', async () => {
    expect(
      await complaint(
        '  - { id: p, uses: prune, matrix: { keep: [2, 0.5, 3], n: [1, 2] }, with: { keep: "${{ matrix.keep }}" } }\n',
      ),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:6:44 "keep" takes a number above 0 and up to 1 (such as 0.01 or 1%), not the number 2.
        - { id: p, uses: prune, matrix: { keep: [2, 0.5, 3], n: [1, 2] }, with: { keep: "\${{ matrix.keep }}" } }
                                                 ~
      [RECIPE_VALUE]

      recipe.yaml:6:52 "keep" takes a number above 0 and up to 1 (such as 0.01 or 1%), not the number 3.
        - { id: p, uses: prune, matrix: { keep: [2, 0.5, 3], n: [1, 2] }, with: { keep: "\${{ matrix.keep }}" } }
                                                         ~
      [RECIPE_VALUE]"
    `);
  });

  test.each([
    ['include', 'matrix: { n: [1], include: [{ n: 1, keep: §2 }] }, with: { keep: "${{ matrix.keep }}" }', ''],
    ['a parameter', 'matrix: { keep: "${{ params.keeps }}" }, with: { keep: "${{ matrix.keep }}" }', ''],
    ['a network', 'matrix: { it: [mlp, §mlq] }, with: { network: "${{ matrix.it }}", data: digits }', 'train'],
    ['a data set', 'matrix: { it: [digits, §digit] }, with: { network: mlp, data: "${{ matrix.it }}" }', 'train'],
    [
      'a model',
      'from: base, matrix: { it: [base, §bass] }, with: { data: digits, against: "${{ matrix.it }}" }',
      'evaluate',
    ],
    ['a file', 'from: base, matrix: { it: [§none.csv] }, with: { mask: "${{ matrix.it }}", keep: 1 }', 'prune'],
    [
      'a rule between options',
      'from: base, matrix: { it: [§1] }, with: { threshold: "${{ matrix.it }}", keep: 1 }',
      'prune',
    ],
    [
      'a gate',
      'from: base, matrix: { it: [0.5, §x] }, with: { data: digits }, expect: { accuracy: { min: "${{ matrix.it }}" } }',
      'evaluate',
    ],
    [
      'no matrix: a text with more than the reference',
      'matrix: { n: [2] }, with: { scope: §"${{ matrix.n }}x", keep: 1 }',
      'prune',
    ],
  ])('a value that comes from %s', async (_, stage, uses) => {
    const head = 'params: { keeps: [0.5, §2] }\n';
    const text = recipe(`  - { id: p, uses: ${uses || 'prune'}, ${stage} }\n`, head);
    // The mark stands where the message has to point to; the parameter's own counts only where it is used.
    const marked = stage.includes('§') ? text.replace('[0.5, §2]', '[0.5, 2]') : text;
    const before = marked.slice(0, marked.indexOf('§')).split('\n');
    const place = `recipe.yaml:${before.length}:${before.at(-1)!.length + 1}`;
    const folder = temporaryFolder(FILES);
    const said = await refusal(() => planText(marked.replace('§', ''), folder), folder);
    expect(said.split(' ', 1)[0]).toBe(place);
    expect(said.match(/^recipe\.yaml:/gm)).toHaveLength(1);
  });

  test('a value of a stage that is followed, where it was written', async () => {
    const stages = `  - { id: p, uses: prune, matrix: { keep: [0.5, 2] }, with: { keep: 1 } }
  - { id: q, uses: prune, each: p, with: { keep: "\${{ matrix.keep }}" } }
`;
    expect(await complaint(stages)).toContain('recipe.yaml:6:49 "keep" takes');
  });

  test('circles, told by stages', async () => {
    expect(
      await complaint(`  - { id: p, uses: prune, from: best, matrix: { keep: [0.2, 0.1] }, with: { keep: "\${{ matrix.keep }}" } }
  - { id: check, uses: evaluate, each: p, with: { data: digits } }
${BEST}`),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:8:11 "best" needs "check" needs "p" needs "best": none of them can start.
        - { id: best, uses: select, collect: check, with: { maximize: accuracy, minimize: gzipBytes } }
                ~~~~
      Let one of them take its model from elsewhere.  [PLAN_CYCLE]"
    `);
  });
});
