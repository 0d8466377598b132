import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { writeModel } from '../../src/onnx/write.js';
import { lastRun, lathe, TOY_PLUGIN } from '../support/lathe.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lathe-plan-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const call = (...argv: string[]) => lathe(argv, { cwd });

interface Planned {
  readonly cell: string;
  readonly cache: string;
  readonly matches: Readonly<Record<string, readonly string[]>>;
  readonly memoryBytes: number | null;
  readonly model: Readonly<Record<string, number | boolean | null>> | null;
}

async function plan(...argv: string[]): Promise<ReadonlyMap<string, Planned>> {
  const { stdout, code } = await call('plan', '--json', ...argv);
  expect(code).toBe(0);
  return new Map((JSON.parse(stdout) as Planned[]).map((each) => [each.cell, each]));
}

const DATA = 'data: { digits: { uses: digits, with: { split: { validation: 180, test: 360 } } } }';

/** Every kind of stage, with as little training as there can be. */
const CHAIN = `version: 1
${DATA}
networks:
  small:
    layers: [{ conv: { filters: 4, kernel: 3 } }, batchnorm, relu, { maxpool: 2 }, { linear: 16 }, relu, { linear: 10 }]
  tiny: { layers: [{ linear: 8 }, relu, { linear: 10 }] }
measure: { data: digits }
stages:
  - { id: base, uses: train, with: { network: small, data: digits, epochs: 0.05 } }
  - { id: sparse, uses: l1-regularize, with: { data: digits, epochs: 0.05 } }
  - { id: pruned, uses: prune, with: { keep: 0.25, select: { exclude: [conv1] } } }
  - { id: tuned, uses: finetune, with: { data: digits, epochs: 0.05, freeze: { include: [fc2] } } }
  - { id: narrow, uses: prune-channels, from: base, with: { keep: 0.5 } }
  - { id: stored, uses: quantize, from: tuned, with: { method: weights } }
  - { id: static, uses: quantize, from: tuned, with: { method: static, calibrate: { data: digits, samples: 8 } } }
  - { id: dynamic, uses: quantize, from: tuned, with: { method: dynamic } }
  - { id: copied, uses: transfer, from: { source: base, model: tuned }, with: { method: copy, epochs: 0 } }
  - id: student
    uses: transfer
    from: { teacher: base }
    with: { method: distill, network: tiny, data: digits, epochs: 0.05 }
`;

describe('the preview of a plan', () => {
  it('tells parameters, operations and bytes of every model as they are measured after the run', {
    timeout: 120_000,
  }, async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), CHAIN);
    const planned = await plan();
    expect((await call('run')).code).toBe(0);
    const measured = lastRun(cwd).stages.filter(({ cell }) => cell.endsWith('.measure'));
    expect(measured).toHaveLength(10);
    for (const { cell, metrics } of measured) {
      const { parameters, macs, modelBytes } = planned.get(cell.replace('.measure', ''))!.model!;
      const { parameters: p, macs: m, modelBytes: b } = metrics;
      expect({ cell, parameters, macs, modelBytes }).toEqual({ cell, parameters: p, macs: m, modelBytes: b });
    }
  });

  it('tells at most how many weights are not 0, exactly once they are cached', { timeout: 120_000 }, async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), CHAIN.slice(0, CHAIN.indexOf('  - { id: narrow')));
    const nonzero = (planned: ReadonlyMap<string, Planned>, cell: string) => {
      const { nonzeroParameters, isNonzeroExact } = planned.get(cell)!.model!;
      return [nonzeroParameters, isNonzeroExact];
    };
    // conv 4·(9 + 1), batch norm 4·2, fc1 16·(36 + 1), fc2 10·(16 + 1); fc1 and fc2 keep 144 and 40 weights.
    const all = 40 + 8 + 592 + 170;
    const most = all - 576 - 160 + 144 + 40;
    const before = await plan();
    expect(nonzero(before, 'base')).toEqual([all, false]);
    expect(nonzero(before, 'pruned')).toEqual([most, false]);
    expect(nonzero(before, 'tuned')).toEqual([most, false]);
    await call('run', '--only', 'pruned');
    const after = await plan();
    const actual = lastRun(cwd).stages.find(({ cell }) => cell === 'pruned.measure')!.metrics.nonzeroParameters;
    expect(nonzero(after, 'pruned')).toEqual([actual, true]);
    // What is 0 by chance, a bias for instance, may change in training.
    expect(nonzero(after, 'tuned')).toEqual([most, false]);
  });

  it('tells how much memory each stage is expected to take, more of it for larger batches and data', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), CHAIN);
    const small = await plan();
    for (const [cell, { memoryBytes }] of small)
      expect({ cell, memoryBytes }).toEqual({ cell, memoryBytes: expect.any(Number) });
    const batches = CHAIN.replace('data: digits, epochs: 0.05 } }', 'data: digits, epochs: 0.05, batch: 1024 } }');
    writeFileSync(join(cwd, 'recipe.yaml'), batches);
    const large = await plan();
    // Of the values of one convolution alone, [samples, 4, 6, 6] in float32, gradients aside.
    expect(large.get('base')!.memoryBytes! - small.get('base')!.memoryBytes!).toBeGreaterThan((1024 - 64) * 4 * 36 * 4);
    expect(large.get('pruned')!.memoryBytes).toBe(small.get('pruned')!.memoryBytes);
  });

  it('lists what selections match', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), CHAIN);
    const planned = await plan();
    expect(planned.get('pruned')!.matches).toEqual({ select: ['fc1.weight', 'fc2.weight'] });
    expect(planned.get('tuned')!.matches).toEqual({ freeze: ['fc2.weight', 'fc2.bias'] });
    expect(planned.get('sparse')!.matches).toEqual({ select: ['conv1.weight', 'fc1.weight', 'fc2.weight'] });
    expect((await call('plan')).stdout).toMatch(/^ +select → fc1\.weight, fc2\.weight$/m);
  });

  it('is a row for many cells of a large sweep', async () => {
    const keeps = Array.from({ length: 100 }, (_, i) => (i + 1) / 100).join(', ');
    writeFileSync(
      join(cwd, 'recipe.yaml'),
      `version: 1
${DATA}
networks: { two: { layers: [{ linear: 20 }, relu, { linear: 10 }] } }
stages:
  - { id: base, uses: train, with: { network: two, data: digits } }
  - { id: pruned, uses: prune, matrix: { keep: [${keeps}] }, with: { keep: "\${{ matrix.keep }}" } }
  - { id: tuned, uses: finetune, each: pruned, with: { data: digits } }
`,
    );
    const { stdout } = await call('plan');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeLessThan(15);
    // fc1 20·(64 + 1), fc2 10·(20 + 1); of a hundredth, 13 and 2 weights and all 30 biases stay.
    const rows = lines.map((line) =>
      line.replaceAll(/ {2,}/g, ' | ').replace(/\d\.\d+ kB \| \d+ MB/, 'bytes | memory'),
    );
    expect(rows).toEqual(
      expect.arrayContaining([
        'run? | 100 cells of pruned | prune | base | 1,510 | ≤ 45 – 1,510 | 1,480 | bytes | memory | after base',
        'run? | 100 cells of tuned | finetune | pruned | 1,510 | ≤ 45 – 1,510 | 1,480 | bytes | memory | after pruned',
        '201 stages: 0 cached, 1 to compute, 200 depending on what those make.',
      ]),
    );
  });

  it('is silent about what a plugin without a plan makes, and all that follows', async () => {
    writeFileSync(
      join(cwd, 'recipe.yaml'),
      `version: 1
plugins: [${JSON.stringify(TOY_PLUGIN)}]
stages:
  - { id: base, uses: toy-make }
  - { id: pruned, uses: prune, with: { keep: 0.5, select: { include: [nothing-of-the-kind] } } }
`,
    );
    const planned = await plan();
    expect(planned.get('base')).toMatchObject({ cache: 'miss', model: null, matches: {}, memoryBytes: null });
    expect(planned.get('pruned')).toMatchObject({ cache: 'unknown', model: null, matches: {}, memoryBytes: null });
  });
});

describe('what cannot work', () => {
  const refused = async (recipe: string) => {
    writeFileSync(join(cwd, 'recipe.yaml'), recipe);
    const { code, stdout, stderr } = await call('run');
    expect(stdout).toBe('');
    expect(readdirSync(cwd)).not.toContain('build');
    return { code, stderr: stderr.trimEnd() };
  };

  it('is refused at once, with its place, before anything runs', async () => {
    const { code, stderr } = await refused(`version: 1
${DATA}
networks:
  large: { layers: [{ conv: { filters: 4, kernel: 3 } }, relu, { linear: 10 }], input: [1, 28, 28] }
stages:
  - { id: a, uses: train, with: { network: mlp, data: digits } }
  - { id: b, uses: prune, with: { keep: 0.1, select: { include: [fc1, fx2] } } }
  - { id: c, uses: train, from: a, with: { data: digits, batch: 30, shards: 7 } }
  - { id: d, uses: train, with: { network: large, data: digits } }
  - { id: e, uses: prune, from: a, matrix: { keep: [0.5, 90000] }, with: { keep: "\${{ matrix.keep }}" } }
  - { id: f, uses: finetune, from: d, with: { data: digits, freeze: { include: [nonsense] } } }
`);
    expect(code).toBe(2);
    expect(stderr).toMatchInlineSnapshot(`
      "recipe.yaml:7:71 "fx2" under include matches nothing in the model.
        - { id: b, uses: prune, with: { keep: 0.1, select: { include: [fc1, fx2] } } }
                                                                            ~~~
      Did you mean "fc2"? There are fc1.weight, fc1, fc1.bias, fc2.weight, fc2, fc2.bias, fc3.weight, fc3, fc3.bias.  [SELECT_UNMATCHED]

      recipe.yaml:8:36 A batch of 30 samples cannot be split into 7 equal shards.
        - { id: c, uses: train, from: a, with: { data: digits, batch: 30, shards: 7 } }
                                         ~~~~
      Choose a number of shards that divides the batch.  [TRAIN_SHARDS]

      recipe.yaml:9:44 The list of layers takes float32 samples of shape [1, 28, 28], but the data has float32 samples of shape [1, 8, 8].
        - { id: d, uses: train, with: { network: large, data: digits } }
                                                 ~~~~~
      Change the input of the network, or give the data another shape or size.  [NETWORK_INPUT]

      recipe.yaml:10:58 keep: 90000 is more than the 30000 weights that the largest selected layer has.
        - { id: e, uses: prune, from: a, matrix: { keep: [0.5, 90000] }, with: { keep: "\${{ matrix.keep }}" } }
                                                               ~~~~~
      Nothing would be pruned: give a smaller count, or a share between 0 and 1.  [PRUNE_KEEP]"
    `);
    expect(readdirSync(cwd)).toEqual(['recipe.yaml']);
  });

  it('is a network with an operator that has no gradient, named with its stage before the first stage trains', async () => {
    const b = new GraphBuilder();
    const x = b.input('input', 'float32', ['batch', 1, 8, 8]);
    const flat = b.op('Flatten', [x], {}, { name: 'flat' });
    const weight = b.initializer('fc.weight', floatTensor(new Float32Array(640), [64, 10]));
    const y = b.op('MatMul', [flat, weight], {}, { name: 'fc' });
    b.output(b.op('Hardmax', [y], { axis: 1 }, { name: 'harden' }), 'logits');
    await writeModel(b.build(), join(cwd, 'hard.onnx'));
    const { code, stderr } = await refused(`version: 1
${DATA}
models: { hard: { file: hard.onnx } }
stages:
  - { id: fine, uses: train, with: { network: mlp, data: digits } }
  - id: trained
    uses: finetune
    from: hard
    with: { data: digits }
`);
    expect(code).toBe(2);
    expect(stderr.split('\n').slice(0, 3)).toEqual([
      'recipe.yaml:6:9 The node "harden" (Hardmax) has no gradient, and lies between what is trained and the loss.',
      '  - id: trained',
      '        ~~~~~~~',
    ]);
  });

  it('is a data set that does not fit the model, or lacks the split', async () => {
    mkdirSync(join(cwd, 'data'));
    writeFileSync(join(cwd, 'data/t.csv'), 'x1,x2,y\n1,2,a\n3,4,b\n5,6,a\n');
    const { code, stderr } = await refused(`version: 1
data:
  digits: { uses: digits, with: { split: { test: 360 } } }
  table: { uses: csv, with: { train: data/t.csv, label: y } }
stages:
  - { id: a, uses: train, with: { network: mlp, data: digits } }
  - { id: b, uses: finetune, with: { data: table } }
  - { id: c, uses: evaluate, from: a, with: { data: digits, split: validation } }
  - { id: d, uses: quantize, from: a, with: { method: static, calibrate: { data: table } } }
`);
    expect(code).toBe(2);
    expect(stderr).toMatchInlineSnapshot(`
      "recipe.yaml:7:30 The network's input "input" is float32 [batch, 1, 8, 8], but a sample of the data is float32 [2].
        - { id: b, uses: finetune, with: { data: table } }
                                   ~~~~
      Use data of that shape (after the batch dimension), or a network for this shape.  [TRAIN_INPUT_MISMATCH]

      recipe.yaml:8:68 The data set has no samples in its split "validation".
        - { id: c, uses: evaluate, from: a, with: { data: digits, split: validation } }
                                                                         ~~~~~~~~~~
      Splits that it has: test, train.  [EVALUATE_SPLIT]

      recipe.yaml:9:74 The model takes input [batch, 1, 8, 8]; the data set has samples of shape [2].
        - { id: d, uses: quantize, from: a, with: { method: static, calibrate: { data: table } } }
                                                                               ~~~~~~~~~~~~~~~
      Calibrate with the data set that the model was trained on.  [QUANTIZE_INPUT]"
    `);
  });
});

describe('a column that a table lacks', () => {
  it.each([
    ['label: prise', 'prise', 'Did you mean "price"?'],
    ['label: [price, sise], target: value', 'sise', 'Did you mean "size"?'],
    ['label: price, features: [size, roms]', 'roms', 'Did you mean "rooms"?'],
  ])('is shown where the recipe names it: %s', async (options, named, fix) => {
    writeFileSync(join(cwd, 't.csv'), 'size,rooms,price\n1,2,3\n4,5,6\n');
    const line = `  table: { uses: csv, with: { train: t.csv, ${options} } }`;
    const stages = 'stages:\n  - { id: a, uses: train, with: { network: mlp, data: table } }\n';
    writeFileSync(join(cwd, 'recipe.yaml'), `version: 1\ndata:\n${line}\n${stages}`);
    const { stderr } = await call('plan');
    const column = line.indexOf(named) + 1;
    expect(stderr).toContain(`recipe.yaml:3:${column} `);
    expect(stderr).toContain(`t.csv has no column "${named}".`);
    expect(stderr).toContain(`${fix}  [DATA_COLUMN]`);
  });
});

describe("a plugin's plan", () => {
  const PLUGIN = `import { cloneModel } from 'onnx-lathe/onnx';
import { defineStage, UserError } from 'onnx-lathe/plugin';
import { appendFileSync } from 'node:fs';
export default defineStage({
  name: 'halve', revision: 1, summary: 'Halves.',
  options: { type: 'object', additionalProperties: false, properties: { fail: { type: 'string' } } },
  inputs: { model: 'model' }, outputs: { model: 'model' }, metrics: {}, computes: false,
  plan({ options, inputs }) {
    appendFileSync('planned.txt', 'once ');
    if (options.fail === 'mistake') throw new UserError('HALF', 'No half.', 'Take two.', { option: ['fail'] });
    if (options.fail === 'bug') throw new TypeError('of what?');
    const model = cloneModel(inputs.model.model);
    return { outputs: { model: { model, hasWeights: false } }, matches: { all: [...model.graph.initializers.keys()] } };
  },
  async run({ inputs }) { return { model: await inputs.model.load() }; },
});
`;
  const RECIPE = `version: 1
plugins: [./halve.ts]
models: { made: { file: made.onnx } }
stages:
  - { id: half, uses: halve, from: made }
  - { id: pruned, uses: prune, with: { keep: 0.5 } }
`;

  beforeEach(async () => {
    const b = new GraphBuilder();
    const x = b.input('input', 'float32', ['batch', 4]);
    const weight = b.initializer('fc.weight', floatTensor([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]));
    b.output(b.op('MatMul', [x, weight], {}, { name: 'fc' }), 'logits');
    await writeModel(b.build(), join(cwd, 'made.onnx'));
    writeFileSync(join(cwd, 'halve.ts'), PLUGIN);
  });

  it('tells what stages behind it build upon', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), RECIPE);
    const planned = await plan();
    expect(planned.get('half')).toMatchObject({ matches: { all: ['fc.weight'] }, model: { parameters: 8, macs: 8 } });
    expect(planned.get('pruned')!.model).toMatchObject({ parameters: 8, nonzeroParameters: 4, isNonzeroExact: false });
  });

  it('is not asked if its result is cached, and a run then reads no model', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), RECIPE);
    const log = () => readdirSync(cwd).includes('planned.txt');
    expect((await call('run')).code).toBe(0);
    expect(log()).toBe(true);
    await rm(join(cwd, 'planned.txt'));
    expect((await call('run')).stdout).toContain('Done: 2 cached');
    expect(log()).toBe(false);
  });

  it('may refuse its options', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), RECIPE.replace('from: made }', 'from: made, with: { fail: mistake } }'));
    const { code, stderr } = await call('run');
    expect(code).toBe(2);
    expect(stderr.trimEnd()).toMatchInlineSnapshot(`
      "recipe.yaml:5:56 No half.
        - { id: half, uses: halve, from: made, with: { fail: mistake } }
                                                             ~~~~~~~
      Take two.  [HALF]"
    `);
  });

  it('that throws anything else is a mistake in the plugin', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), RECIPE.replace('from: made }', 'from: made, with: { fail: bug } }'));
    const { code, stderr } = await call('plan');
    expect(code).toBe(2);
    expect(stderr).toContain('The plan of halve threw: of what?.');
    expect(stderr).toContain('[PLAN_CHECK_THREW]');
  });
});

describe('a damaged file under models', () => {
  const recipeOf = (file: string) => `version: 1
plugins: [${TOY_PLUGIN}]
models: { face: { file: ${file} } }
stages:
  - { id: made, uses: toy-make }
  - { id: judged, uses: toy-judge, from: face }
  - { id: judged-too, uses: toy-judge, from: face }
`;
  const good = async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['batch', 2]);
    b.output(b.op('Add', [x, b.initializer('bias', floatTensor([1, 2], [2]))], {}, { outputs: ['y'] }));
    const file = join(cwd, 'good.onnx');
    await writeModel(b.build(), file);
    return readFileSync(file);
  };

  it('is told at its place, once, before anything runs, also of stages without a plan', async () => {
    writeFileSync(join(cwd, 'face.onnx'), 'a text');
    writeFileSync(join(cwd, 'recipe.yaml'), recipeOf('face.onnx'));
    for (const command of ['plan', 'run']) {
      const { code, stderr } = await call(command);
      expect(code).toBe(2);
      expect(stderr.replace(cwd, '.').trimEnd()).toMatchInlineSnapshot(`
        "recipe.yaml:3:25 ./face.onnx is no ONNX model: it looks like a text file.
        models: { face: { file: face.onnx } }
                                ~~~~~~~~~
        Give the path of the ONNX file, or fetch it again.  [ONNX_DECODE]"
      `);
    }
    expect(existsSync(join(cwd, '.lathe', 'runs'))).toBe(false);
  });

  it('is refused wherever it is cut off', async () => {
    const bytes = await good();
    writeFileSync(join(cwd, 'recipe.yaml'), recipeOf('face.onnx'));
    for (const length of [0, 1, Math.floor(bytes.length / 2), bytes.length - 1]) {
      writeFileSync(join(cwd, 'face.onnx'), bytes.subarray(0, length));
      const { code, stderr } = await call('plan');
      expect({ length, code }).toEqual({ length, code: 2 });
      expect(stderr).toContain('recipe.yaml:3:25 ');
      expect(stderr).toContain('[ONNX_DECODE]');
    }
    writeFileSync(join(cwd, 'face.onnx'), bytes);
    expect((await call('plan')).code).toBe(0);
  });
});
