// biome-ignore-all lint/suspicious/noTemplateCurlyInString: recipes write references like this
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/core/hash.js';
import { GOOD_FILES, GOOD_RECIPE } from '../recipe/good-recipe.js';
import { planText, refusal } from '../support/plan-text.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const plan = (text: string, files: Readonly<Record<string, string>> = GOOD_FILES) =>
  planText(text, temporaryFolder(files));

/** What a person reads about a recipe with these stages. */
async function complaint(stages: string, head = ''): Promise<string> {
  const folder = temporaryFolder(GOOD_FILES);
  return refusal(() => planText(recipe(stages, head), folder), folder);
}

const recipe = (stages: string, head = '') => `version: 1
data: { digits: { uses: csv, with: { file: data/digits.csv } } }
${head}
stages:
${stages}`;

const TRAIN = '  - { id: base, uses: train, with: { network: mlp, data: digits } }\n';

describe('what computes', () => {
  const runtimes = async (stages: string, head = '') => {
    const { cells } = await plan(recipe(stages, head));
    return Object.fromEntries(cells.map(({ id, runtime }) => [id, runtime]));
  };

  test('is what the stage says, else the recipe, else the CPU with all cores', async () => {
    const stages = `${TRAIN}  - { id: more, uses: train, with: { network: mlp, data: digits }, runtime: { threads: 2 } }
  - { id: pruned, uses: prune, with: { keep: 0.5 } }
`;
    expect(await runtimes(stages)).toEqual({
      base: { provider: 'cpu', threads: null },
      more: { provider: 'cpu', threads: 2 },
      pruned: null,
    });
    expect(await runtimes(stages, 'runtime: { provider: webgpu, threads: 4 }')).toEqual({
      base: { provider: 'webgpu', threads: 4 },
      more: { provider: 'webgpu', threads: 2 },
      pruned: null,
    });
  });

  test('also computes the evaluations that measure adds', async () => {
    const head = 'runtime: { provider: webgpu }\nmeasure: { data: digits }';
    expect((await runtimes(TRAIN, head))['base.measure']).toEqual({ provider: 'webgpu', threads: null });
  });

  test('can be a parameter', async () => {
    const head = 'params: { provider: cuda }\nruntime: { provider: "${{ params.provider }}" }';
    expect((await runtimes(TRAIN, head)).base).toEqual({ provider: 'cuda', threads: null });
  });

  test('cannot be chosen for a stage that does not compute', async () => {
    const stages = `${TRAIN}  - { id: pruned, uses: prune, with: { keep: 0.5 }, runtime: { provider: webgpu } }\n`;
    expect(await complaint(stages)).toMatchInlineSnapshot(`
      "recipe.yaml:6:53 prune runs no model: there is nothing for runtime to choose.
        - { id: pruned, uses: prune, with: { keep: 0.5 }, runtime: { provider: webgpu } }
                                                          ~~~~~~~
      Remove it.  [PLAN_RUNTIME]"
    `);
  });

  test('is one of three', async () => {
    expect(await complaint(TRAIN, 'runtime: { provider: gpu }')).toMatchInlineSnapshot(`
      "recipe.yaml:3:22 "provider" takes cpu, webgpu or cuda, not the text "gpu".
      runtime: { provider: gpu }
                           ~~~
      Did you mean "cpu"?  [RECIPE_VALUE]"
    `);
  });
});

describe('cells', () => {
  test('have options after defaults and units, absolute paths, and what their data and networks need', async () => {
    const folder = temporaryFolder(GOOD_FILES);
    const { cells, exports } = await planText(GOOD_RECIPE, folder);
    const [baseline, measure] = cells;
    expect(baseline!.options).toEqual({
      network: 'small',
      data: 'digits',
      epochs: 4,
      batch: 32,
      optimizer: { sgd: { lr: 0.05, momentum: 0.9 } },
      keep: 'best',
      target: 0.97,
    });
    expect(baseline!.timeoutMs).toBe(1_200_000);
    expect(baseline!.data.digits).toMatchObject({
      uses: 'csv',
      options: { file: join(folder, 'data/digits.csv'), validation: 0.2, label: 'label' },
    });
    expect(baseline!.networks.small).toMatchObject({ kind: 'layers', input: [1, 8, 8] });
    expect(measure).toMatchObject({
      id: 'baseline.measure',
      stage: 'baseline',
      uses: 'evaluate',
      options: { data: 'digits' },
      inputs: { model: { kind: 'cell', cell: 'baseline', slot: 'model' } },
      dependsOn: ['baseline'],
      isMeasure: true,
    });
    expect(exports).toEqual([{ name: 'model', cell: 'student', slot: 'model', to: join(folder, 'out/model.onnx') }]);
  });

  test('take models from slots, files and options; a stage that passes its model on is looked through', async () => {
    const { cells } = await plan(GOOD_RECIPE);
    const student = cells.find(({ id }) => id === 'student')!;
    expect(student.inputs).toEqual({
      teacher: { kind: 'cell', cell: 'baseline', slot: 'model' },
      student: { kind: 'cell', cell: 'pruned', slot: 'model' },
      'option:baseline': { kind: 'cell', cell: 'baseline', slot: 'model' },
      'option:face': {
        kind: 'file',
        file: expect.stringMatching(/face\.onnx$/),
        digest: sha256(GOOD_FILES['face.onnx']!),
      },
    });
    const after = await plan(
      recipe(`${TRAIN}  - { id: check, uses: evaluate, with: { data: digits } }
  - { id: small, uses: prune, with: { keep: 1% } }
  - { id: smaller, uses: prune, from: check, with: { keep: 1% } }
`),
    );
    const [, , small, smaller] = after.cells;
    expect(small!.inputs).toEqual({ model: { kind: 'cell', cell: 'base', slot: 'model' } });
    // Standing below a check is no reason to wait for it; naming it is one.
    expect(small!.dependsOn).toEqual(['base']);
    expect(smaller!.inputs).toEqual(small!.inputs);
    expect(smaller!.dependsOn).toEqual(['base', 'check']);
  });

  test('without from take the model of the nearest stage above that has one', async () => {
    const { cells } = await plan(
      recipe(`${TRAIN}  - { id: remark, uses: note }\n  - { id: small, uses: prune, with: { keep: 0.1 } }\n`),
    );
    expect(cells[2]!.inputs).toEqual({ model: { kind: 'cell', cell: 'base', slot: 'model' } });
  });

  test('leave an optional slot open unless from fills it', async () => {
    const { cells } = await plan(recipe(`${TRAIN}  - { id: student, uses: transfer }\n`));
    expect(cells[1]!.inputs).toEqual({ teacher: { kind: 'cell', cell: 'base', slot: 'model' } });
  });

  test('take a certain output by its name', async () => {
    const { cells } = await plan(
      recipe(`${TRAIN}  - { id: s, uses: transfer }\n  - { id: p, uses: prune, from: s.hint, with: { keep: 1 } }\n`),
    );
    expect(cells[2]!.inputs.model).toEqual({ kind: 'cell', cell: 's', slot: 'hint' });
  });

  test('come in topological order, that of the recipe among independent ones', async () => {
    const { cells } = await plan(
      recipe(`  - { id: last, uses: prune, from: base, with: { keep: 1 }, needs: [z] }
  - { id: z, uses: note }
  - { id: a, uses: note }
${TRAIN}`),
    );
    expect(cells.map(({ id }) => id)).toEqual(['z', 'base', 'last', 'a']);
  });

  test('carry the declared variables and a seed of their own', async () => {
    const { cells } = await planText(recipe(TRAIN, 'env: { hash: [A, B] }'), temporaryFolder(GOOD_FILES), {
      environment: { A: '1', C: '2' },
    });
    expect(cells[0]!.env).toEqual({ A: '1', B: null });
    expect(cells[0]!.seed).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('gates', () => {
  const gated = (expectation: string, head = 'measure: { data: digits }') =>
    recipe(`${TRAIN}  - { id: check, uses: evaluate, with: { data: digits }, expect: ${expectation} }\n`, head);

  test('have numbers in the unit of their metric', async () => {
    const { cells } = await plan(
      gated('{ accuracy: { min: 88%, max: 1 }, gzipBytes: { max: 60k }, latencyP50: { max: 20ms } }'),
    );
    expect(cells.at(-1)!.gates.map(({ metric, gate }) => [metric, gate])).toEqual([
      ['accuracy', { min: 0.88, max: 1 }],
      ['gzipBytes', { max: 60_000 }],
      ['latencyP50', { max: 20 }],
    ]);
  });

  test('that compare with a stage wait for the cell that reports its metric', async () => {
    const { cells } = await plan(gated('{ accuracy: { maxDrop: 1%, from: base } }'));
    expect(cells.at(-1)!.gates[0]).toMatchObject({ gate: { maxDrop: 0.01, from: 'base' }, against: 'base.measure' });
    expect(cells.at(-1)!.dependsOn).toContain('base.measure');
  });

  test('compare what was measured on the same data, and not what a training says of itself', async () => {
    const against = async (text: string) =>
      (await plan(text)).cells.flatMap(({ gates }) => gates.map((gate) => gate.against));
    const loss = (written = '') => `expect: { loss: { maxRise: 1, from: base } }${written}`;
    const head = 'measure: { data: digits }';
    const check = (options: string) => `${TRAIN}  - { id: check, uses: evaluate, with: { ${options} }, ${loss()} }\n`;
    expect(await against(recipe(check('data: digits'), head))).toEqual(['base.measure']);
    expect(await against(recipe(check('data: digits, split: validation'), head))).toEqual(['base']);
    expect(await against(recipe(check('data: digits')))).toEqual(['base']);
    const pruned = `${TRAIN}  - { id: pruned, uses: prune, with: { keep: 0.5 }, ${loss()} }\n`;
    expect(await against(recipe(pruned, head))).toEqual(['base.measure']);
    const again = `${TRAIN}  - { id: again, uses: train, with: { network: mlp, data: digits }, ${loss()} }\n`;
    expect(await against(recipe(again, head))).toEqual(['base']);
  });

  test('on a metric that only measure reports belong to the measuring cell', async () => {
    const { cells } = await plan(
      recipe(
        `  - { id: base, uses: train, with: { network: mlp, data: digits }, expect: { accuracy: { min: 0.5 }, loss: { max: 2 } } }\n`,
        'measure: { data: digits }',
      ),
    );
    expect(cells.map(({ id, gates }) => [id, gates.map(({ metric }) => metric)])).toEqual([
      ['base', ['loss']],
      ['base.measure', ['accuracy']],
    ]);
  });

  test('may be on a number without a unit', async () => {
    const { cells } = await plan(gated('{ maxAbsDiff: { max: 0.5, maxRise: 1, from: base } }'));
    expect(cells.at(-1)!.gates[0]).toMatchObject({
      metric: 'maxAbsDiff',
      gate: { max: 0.5, maxRise: 1, from: 'base' },
    });
  });

  test('may be on one of the numbers that a metric consists of', async () => {
    const { cells } = await plan(gated('{ latencyMs.p95: { max: 20ms } }'));
    expect(cells.at(-1)!.gates[0]).toMatchObject({ metric: 'latencyMs.p95', gate: { max: 20 } });
  });

  test('that cannot be judged are refused', async () => {
    const folder = temporaryFolder(GOOD_FILES);
    const text = gated(
      `
      {
        acuracy: { min: 1 },
        confusion: { max: 1 },
        gzipBytes: { max: 20ms },
        accuracy: { min: 90%, max: 80% },
        latencyP50: { maxRise: 1ms, from: base },
      }`,
      '',
    );
    expect(await refusal(() => planText(text, folder), folder)).toMatchInlineSnapshot(`
      "recipe.yaml:8:9 "acuracy" is no metric of check (evaluate).
              acuracy: { min: 1 },
              ~~~~~~~
      Did you mean "accuracy"?  [PLAN_GATE]

      recipe.yaml:9:9 "confusion" is not a single number, so that no limit fits it.
              confusion: { max: 1 },
              ~~~~~~~~~
      [PLAN_GATE]

      recipe.yaml:10:27 "max" of "gzipBytes" takes a number or a text such as 60k, 1.5M or 2Mi, not the text "20ms".
              gzipBytes: { max: 20ms },
                                ~~~~
      [PLAN_GATE]

      recipe.yaml:11:19 No accuracy is at least 90% and at most 80%.
              accuracy: { min: 90%, max: 80% },
                        ~~~~~~~~~~~~~~~~~~~~~~
      Swap or change the limits.  [PLAN_GATE]

      recipe.yaml:12:43 The stage "base" (train) reports no "latencyP50" to compare with.
              latencyP50: { maxRise: 1ms, from: base },
                                                ~~~~
      Name another stage that reports it.  [PLAN_GATE]"
    `);
    const latency = gated('{ latencyMs: { max: 3 }, latencyMs.p59: { max: 3 }, latency: { max: 3 } }');
    expect(await refusal(() => planText(latency, folder), folder)).toMatchInlineSnapshot(`
      "recipe.yaml:6:68 "latencyMs" is not a single number, so that no limit fits it.
      … e, with: { data: digits }, expect: { latencyMs: { max: 3 }, latencyMs.p59: { max: 3 }, latency: { max: 3 } } }
                                             ~~~~~~~~~
      Name one of its values: latencyMs.p50, latencyMs.p95.  [PLAN_GATE]

      recipe.yaml:6:91 "latencyMs.p59" is no metric of check (evaluate).
      … e, with: { data: digits }, expect: { latencyMs: { max: 3 }, latencyMs.p59: { max: 3 }, latency: { max: 3 } } }
                                                                    ~~~~~~~~~~~~~
      Did you mean "latencyMs.p50"?  [PLAN_GATE]

      recipe.yaml:6:118 "latency" is no metric of check (evaluate).
      … e, with: { data: digits }, expect: { latencyMs: { max: 3 }, latencyMs.p59: { max: 3 }, latency: { max: 3 } } }
                                                                                               ~~~~~~~
      Known: accuracy, gzipBytes, latencyP50, latencyMs.p50, latencyMs.p95, maxAbsDiff, loss.  [PLAN_GATE]"
    `);
    const itself = gated('{ accuracy: { maxDrop: 1, from: check }, gzipBytes: { maxRise: 1k, from: chek } }');
    expect(await refusal(() => planText(itself, folder), folder)).toMatchInlineSnapshot(`
      "recipe.yaml:6:98 A gate cannot compare a stage with itself.
      …  { data: digits }, expect: { accuracy: { maxDrop: 1, from: check }, gzipBytes: { maxRise: 1k, from: chek } } }
                                                                   ~~~~~
      Name another stage that reports it.  [PLAN_GATE]

      recipe.yaml:6:139 There is no stage "chek".
      …  { data: digits }, expect: { accuracy: { maxDrop: 1, from: check }, gzipBytes: { maxRise: 1k, from: chek } } }
                                                                                                            ~~~~
      Known: base.  [PLAN_GATE]"
    `);
  });

  test('without measure know the metrics of their stage alone', async () => {
    expect(
      await complaint(
        '  - { id: base, uses: train, with: { network: mlp, data: digits }, expect: { accuracy: { min: 1 } } }\n',
      ),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:5:78 "accuracy" is no metric of base (train).
        - { id: base, uses: train, with: { network: mlp, data: digits }, expect: { accuracy: { min: 1 } } }
                                                                                   ~~~~~~~~
      Known: loss, epochs.  [PLAN_GATE]"
    `);
  });
});

describe('what is refused, all at once and without consequences of consequences', () => {
  test('a name that nothing has, beside an option that does not fit', async () => {
    expect(
      await complaint('  - { id: base, uses: train, with: { network: mlp, data: digts, epochs: four } }\n'),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:5:58 There is no data set "digts".
        - { id: base, uses: train, with: { network: mlp, data: digts, epochs: four } }
                                                               ~~~~~
      Did you mean "digits"?  [PLAN_UNKNOWN_DATA]

      recipe.yaml:5:73 "epochs" takes a number above 0, not the text "four".
        - { id: base, uses: train, with: { network: mlp, data: digts, epochs: four } }
                                                                              ~~~~
      [RECIPE_TYPE]"
    `);
  });

  test('names that nothing has', async () => {
    expect(
      await complaint(
        `  - { id: base, uses: trian, with: { whatever: 1 } }
  - { id: second, uses: train, with: { network: mpl, data: digts } }
  - { id: third, uses: prune, from: secnd, with: { keep: 1 } }
  - { id: fourth, uses: prune, from: base, with: { keep: 1 }, expect: { sparsity: { maxDrop: 1, from: base } } }
  - { id: fifth, uses: transfer, from: { teacher: base, studnt: base } }
  - { id: sixth, uses: prune, from: fifth.hnt, with: { keep: 1 } }
  - { id: seventh, uses: note, needs: [sixht] }
`,
        `models: { face: { file: fase.onnx } }
networks: { n: { uses: mlpp }, m: { layers: [liner, { conv: { filtrs: 3 } }] }, o: { file: o.onnx } }
measure: { data: digit }
exports: { a: { from: secund, to: a.onnx }, b: { from: face, to: b.onnx }, c: { from: second, to: a.onnx } }`,
      ),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:3:25 There is no file <folder>/fase.onnx.
      models: { face: { file: fase.onnx } }
                              ~~~~~~~~~
      Did you mean "face.onnx"?  [PLAN_FILE]

      recipe.yaml:4:24 There is no network "mlpp".
      networks: { n: { uses: mlpp }, m: { layers: [liner, { conv: { filtrs: 3 } }] }, o: { file: o.onnx } }
                             ~~~~
      Did you mean "mlp"?  [PLAN_UNKNOWN_USES]

      recipe.yaml:4:46 Item 1 takes one of the words batchnorm, flatten, gap, leakyrelu, relu, sigmoid, tanh, other kinds with their options, not the text "liner".
      networks: { n: { uses: mlpp }, m: { layers: [liner, { conv: { filtrs: 3 } }] }, o: { file: o.onnx } }
                                                   ~~~~~
      [RECIPE_VALUE]

      recipe.yaml:4:55 conv needs the option "kernel".
      networks: { n: { uses: mlpp }, m: { layers: [liner, { conv: { filtrs: 3 } }] }, o: { file: o.onnx } }
                                                            ~~~~
      Add "kernel": Size of the window: a number, or [height, width].  [RECIPE_MISSING_KEY]

      recipe.yaml:4:63 "filtrs" is not an option of conv.
      networks: { n: { uses: mlpp }, m: { layers: [liner, { conv: { filtrs: 3 } }] }, o: { file: o.onnx } }
                                                                    ~~~~~~
      Did you mean "filters"?  [RECIPE_UNKNOWN_KEY]

      recipe.yaml:4:92 There is no file <folder>/o.onnx.
      networks: { n: { uses: mlpp }, m: { layers: [liner, { conv: { filtrs: 3 } }] }, o: { file: o.onnx } }
                                                                                                 ~~~~~~
      Check the path; it is relative to the recipe.  [PLAN_FILE]

      recipe.yaml:5:18 There is no data set "digit".
      measure: { data: digit }
                       ~~~~~
      Did you mean "digits"?  [PLAN_UNKNOWN_DATA]

      recipe.yaml:6:23 "secund" is neither a stage nor a name under models.
      exports: { a: { from: secund, to: a.onnx }, b: { from: face, to: b.onnx }, c: { from: second, to: a.onnx } }
                            ~~~~~~
      Did you mean "second"?  [PLAN_UNKNOWN_MODEL]

      recipe.yaml:6:56 "face" is a file that exists already; exports are models of stages.
      exports: { a: { from: secund, to: a.onnx }, b: { from: face, to: b.onnx }, c: { from: second, to: a.onnx } }
                                                             ~~~~
      [PLAN_EXPORT]

      recipe.yaml:6:99 The export "a" writes this file already.
      exports: { a: { from: secund, to: a.onnx }, b: { from: face, to: b.onnx }, c: { from: second, to: a.onnx } }
                                                                                                        ~~~~~~
      Choose another file.  [PLAN_EXPORT]

      recipe.yaml:8:23 There is no stage kind "trian".
        - { id: base, uses: trian, with: { whatever: 1 } }
                            ~~~~~
      Did you mean "train"?  [PLAN_UNKNOWN_USES]

      recipe.yaml:9:49 There is no network "mpl".
        - { id: second, uses: train, with: { network: mpl, data: digts } }
                                                      ~~~
      Did you mean "mlp"?  [PLAN_UNKNOWN_NETWORK]

      recipe.yaml:9:60 There is no data set "digts".
        - { id: second, uses: train, with: { network: mpl, data: digts } }
                                                                 ~~~~~
      Did you mean "digits"?  [PLAN_UNKNOWN_DATA]

      recipe.yaml:10:37 "secnd" is neither a stage nor a name under models.
        - { id: third, uses: prune, from: secnd, with: { keep: 1 } }
                                          ~~~~~
      Did you mean "second"?  [PLAN_UNKNOWN_MODEL]

      recipe.yaml:12:57 transfer has no input "studnt".
        - { id: fifth, uses: transfer, from: { teacher: base, studnt: base } }
                                                              ~~~~~~
      Did you mean "student"?  [PLAN_UNKNOWN_SLOT]

      recipe.yaml:13:37 The stage "fifth" has no output "hnt".
        - { id: sixth, uses: prune, from: fifth.hnt, with: { keep: 1 } }
                                          ~~~~~~~~~
      Did you mean "fifth.hint"?  [PLAN_UNKNOWN_SLOT]

      recipe.yaml:14:40 There is no stage "sixht".
        - { id: seventh, uses: note, needs: [sixht] }
                                             ~~~~~
      Did you mean "sixth"?  [PLAN_UNKNOWN_STAGE]"
    `);
  });

  test('missing and useless inputs', async () => {
    expect(
      await complaint(`  - { id: p, uses: prune, with: { keep: 1 } }
  - { id: t, uses: transfer }
  - { id: n, uses: note, from: p }
  - { id: u, uses: prune, from: n, with: { keep: 1 } }
  - { id: v, uses: transfer, from: { student: p } }
`),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:5:20 prune needs a model, and no stage above makes one.
        - { id: p, uses: prune, with: { keep: 1 } }
                         ~~~~~
      Say where it comes from: from: <stage or model>.  [PLAN_MISSING_INPUT]

      recipe.yaml:7:26 note takes no model.
        - { id: n, uses: note, from: p }
                               ~~~~
      Remove "from"; use "needs" for the order alone.  [PLAN_NO_INPUT]

      recipe.yaml:8:33 The stage "n" (note) makes no model.
        - { id: u, uses: prune, from: n, with: { keep: 1 } }
                                      ~
      Name another stage.  [PLAN_NO_MODEL]

      recipe.yaml:9:30 transfer needs a model as "teacher".
        - { id: v, uses: transfer, from: { student: p } }
                                   ~~~~
      Write from: { teacher: … }.  [PLAN_MISSING_INPUT]"
    `);
  });

  test('cycles, by all their stages', async () => {
    expect(
      await complaint(`  - { id: a, uses: prune, from: c, with: { keep: 1 } }
  - { id: b, uses: prune, from: a, with: { keep: 1 } }
  - { id: c, uses: prune, from: b, with: { keep: 1 } }
  - { id: d, uses: note, needs: [d] }
  - { id: e, uses: evaluate, from: f, with: { data: digits } }
  - { id: f, uses: evaluate, from: e, with: { data: digits } }
`),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:5:11 "a" needs "c" needs "b" needs "a": none of them can start.
        - { id: a, uses: prune, from: c, with: { keep: 1 } }
                ~
      Let one of them take its model from elsewhere.  [PLAN_CYCLE]

      recipe.yaml:8:11 "d" needs "d": none of them can start.
        - { id: d, uses: note, needs: [d] }
                ~
      Let one of them take its model from elsewhere.  [PLAN_CYCLE]

      recipe.yaml:9:11 "e" needs "f" needs "e": none of them can start.
        - { id: e, uses: evaluate, from: f, with: { data: digits } }
                ~
      Let one of them take its model from elsewhere.  [PLAN_CYCLE]"
    `);
  });

  test('options that a stage finds to contradict each other, at the option or at with', async () => {
    expect(
      await complaint(`${TRAIN}  - { id: p, uses: prune, with: { keep: 1, threshold: 0.1 } }
  - { id: q, uses: prune }
  - id: r
    uses: prune
    with: { scope: layer }
`),
    ).toMatchInlineSnapshot(`
      "recipe.yaml:6:55 "threshold" and "keep" exclude each other.
        - { id: p, uses: prune, with: { keep: 1, threshold: 0.1 } }
                                                            ~~~
      Keep one.  [PRUNE_RULES]

      recipe.yaml:7:5 Nothing says how much to prune.
        - { id: q, uses: prune }
          ~~~~~~~~~~~~~~~~~~~~~~
      Give "threshold" or "keep".  [PRUNE_RULES]

      recipe.yaml:10:5 Nothing says how much to prune.
          with: { scope: layer }
          ~~~~
      Give "threshold" or "keep".  [PRUNE_RULES]"
    `);
  });

  test('files that are not there, are folders, or have another content', async () => {
    const folder = temporaryFolder(GOOD_FILES);
    const text = (models: string) => `version: 1
data:
  a: { uses: csv, with: { file: data/digts.csv } }
  b: { uses: csv, with: { file: images } }
  c: { uses: images, with: { folder: data/digits.csv } }
  d: { uses: images, with: { folder: nowhere/at/all } }
models: ${models}
stages:
  - { id: p, uses: prune, from: face, with: { keep: 1, mask: mask.npy } }
`;
    expect(await refusal(() => planText(text('{ face: { file: face.onnx } }'), folder), folder)).toMatchInlineSnapshot(`
      "recipe.yaml:3:33 There is no file <folder>/data/digts.csv.
        a: { uses: csv, with: { file: data/digts.csv } }
                                      ~~~~~~~~~~~~~~
      Did you mean "data/digits.csv"?  [PLAN_FILE]

      recipe.yaml:4:33 "images" is a folder, not a file.
        b: { uses: csv, with: { file: images } }
                                      ~~~~~~
      [PLAN_FILE]

      recipe.yaml:5:38 "data/digits.csv" is a file, not a folder.
        c: { uses: images, with: { folder: data/digits.csv } }
                                           ~~~~~~~~~~~~~~~
      [PLAN_FILE]

      recipe.yaml:6:38 There is no folder <folder>/nowhere/at/all.
        d: { uses: images, with: { folder: nowhere/at/all } }
                                           ~~~~~~~~~~~~~~
      There is no folder <folder>/nowhere/at either.  [PLAN_FILE]

      recipe.yaml:9:62 There is no file <folder>/mask.npy.
        - { id: p, uses: prune, from: face, with: { keep: 1, mask: mask.npy } }
                                                                   ~~~~~~~~
      Check the path; it is relative to the recipe.  [PLAN_FILE]"
    `);
    const changed = `version: 1
models: { face: { file: face.onnx, sha256: "${'0'.repeat(64)}" } }
stages: [{ id: p, uses: prune, from: face, with: { keep: 1 } }]
`;
    expect(await refusal(() => planText(changed, folder), folder)).toMatchInlineSnapshot(`
      "recipe.yaml:2:44 The model "face" is not the one that the recipe means: the SHA-256 of <folder>/face.onnx is b701935059759a27437e2648459fb34822435f9bcf16703381283dde6f8042c5.
      … els: { face: { file: face.onnx, sha256: "0000000000000000000000000000000000000000000000000000000000000000" } }
                                                ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
      Fetch the right file, or write the new digest if the change is wanted.  [PLAN_MODEL_CHANGED]"
    `);
  });

  test('a data folder that contains itself', async () => {
    const folder = temporaryFolder({ ...GOOD_FILES });
    mkdirSync(join(folder, 'loop'));
    symlinkSync(join(folder, 'loop'), join(folder, 'loop', 'again'));
    const text =
      'version: 1\ndata: { l: { uses: images, with: { folder: loop } } }\nstages: [{ id: a, uses: train, with: { network: mlp, data: l } }]\n';
    expect(await refusal(() => planText(text, folder), folder)).toMatchInlineSnapshot(`
      "recipe.yaml:2:34 The folder <folder>/loop contains itself through a link.
      data: { l: { uses: images, with: { folder: loop } } }
                                       ~~~~~~~~~~~~~~~~
      Remove the link.  [PLAN_FOLDER_LOOP]"
    `);
  });

  test('files of data that no stage uses must exist, but are not read', async () => {
    const folder = temporaryFolder(GOOD_FILES);
    writeFileSync(join(folder, 'unused.csv'), 'x');
    const read: string[] = [];
    const { makePlan } = await import('../../src/plan/make-plan.js');
    const { parseRecipe } = await import('../../src/recipe/load.js');
    const { fakeRegistries } = await import('../support/fake-plugins.js');
    const text = recipe(`${TRAIN}${TRAIN.replace('base', 'other')}`).replace(
      'data: {',
      'data: { unused: { uses: csv, with: { file: unused.csv } },',
    );
    await makePlan({
      recipe: await parseRecipe(text, join(folder, 'recipe.yaml'), { environment: {} }),
      registries: fakeRegistries(),
      environment: {},
      hashFile: async (path) => {
        read.push(path);
        return sha256(path);
      },
    });
    expect(read).toEqual([join(folder, 'data/digits.csv')]);
  });
});
