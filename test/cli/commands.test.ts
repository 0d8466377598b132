import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/onnx/builder.js';
import { floatTensor } from '../../src/onnx/tensor.js';
import { writeModel } from '../../src/onnx/write.js';
import { LATHE, lastRun, lathe, statuses, TOY_PLUGIN } from '../support/lathe.js';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'lathe-cli-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const call = (...argv: string[]) => lathe(argv, { cwd });

const TOY_RECIPE = `version: 1
name: toy
plugins: [${JSON.stringify(TOY_PLUGIN)}]
params: { limit: 0.5 }
stages:
  - { id: base, uses: toy-make, with: { size: 4 } }
  - { id: small, uses: toy-shrink, with: { limit: "\${{ params.limit }}" } }
`;

describe('the command line', () => {
  it('tells its version and how to use it', async () => {
    expect(await call('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    const help = await call('--help');
    expect(help.code).toBe(0);
    for (const command of ['run', 'plan', 'inspect', 'plugins', 'schema', 'init'])
      expect(help.stdout).toContain(`  ${command} `);
    expect(help.stdout).toContain('Exit codes:');
  });

  it.each([
    [['rum'], "error: unknown command 'rum'\n(Did you mean run?)"],
    [['run', '--jbos', '2'], "error: unknown option '--jbos'\n(Did you mean --jobs?)"],
    [['run', '--jobs', 'two'], 'It must be a whole number from 1 on.'],
    [['run', '--log-level', 'loud'], 'Allowed choices are silent, error, warn, info, debug.'],
    [['run', 'a.yaml', 'b.yaml'], 'too many arguments'],
    [['run', 'none.yaml'], 'none.yaml'],
    [['inspect', 'none.onnx'], 'none.onnx'],
    [['plugins', 'trian'], 'Did you mean "train"?'],
  ])('answers %j with a suggestion and exit code 2', async (argv, text) => {
    const { code, stdout, stderr } = await call(...argv);
    expect(stderr).toContain(text);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('refuses a stage that --only names and the recipe does not have', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), TOY_RECIPE);
    const { code, stderr } = await call('run', '--only', 'smal');
    expect(code).toBe(2);
    expect(stderr).toContain('Did you mean "small"?');
  });
});

describe('lathe plan', () => {
  it('shows what would run, and writes nothing', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), TOY_RECIPE);
    const before = await call('plan');
    expect(before.stdout).toMatch(/^run +base +toy-make +– +no result for this key$/m);
    expect(before.stdout).toMatch(/^run\? +small +toy-shrink +base +after base$/m);
    expect(before.stdout).toMatch(/^base +size=4.*\nsmall +limit=0\.5$/m);
    expect(before.stdout).toContain('2 stages: 0 cached, 1 to compute, 1 depending on what those make.');
    expect(readdirSync(cwd)).toEqual(['recipe.yaml']);
    await call('run');
    expect((await call('plan')).stdout).toContain('2 stages: 2 cached, 0 to compute.');
    const changed = await call('plan', '--set', 'limit=0.6', '--json');
    expect(JSON.parse(changed.stdout)).toMatchObject([
      { cell: 'base', cache: 'hit' },
      {
        cell: 'small',
        cache: 'miss',
        why: 'options.limit 0.5 → 0.6',
        inputs: { model: 'base' },
        options: { limit: 0.6 },
      },
    ]);
  });
});

describe('lathe inspect', () => {
  beforeEach(async () => {
    const b = new GraphBuilder();
    const x = b.input('input', 'float32', ['batch', 3]);
    const weight = b.initializer('fc.weight', floatTensor([1, 0, 3, 4, 0, 6], [3, 2]));
    const y = b.op('MatMul', [x, weight], {}, { name: 'fc' });
    b.output(b.op('ArgMax', [y], { axis: 1, keepdims: 0 }, { name: 'best', outputs: ['label'] }));
    await writeModel(b.build(), join(cwd, 'model.onnx'));
  });

  it('shows inputs, shapes, parameters, operations, and where no gradient flows', async () => {
    const { code, stdout } = await call('inspect', 'model.onnx');
    expect(code).toBe(0);
    expect(stdout).toContain('input float32[batch, 3]');
    expect(stdout).toContain('label int64[batch]');
    expect(stdout).toContain('6 (66.7% nonzero)');
    // 3 × 2 multiplications a sample.
    expect(stdout).toContain('6 multiply-adds a sample');
    expect(stdout).toMatch(/no gradient through best \(ArgMax\): /);
    expect(stdout).toMatch(/^fc +MatMul +\[batch, 2\] +6$/m);
  });

  it('does not hold shape arithmetic against a model', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['batch', 3]);
    const shape = b.op('Shape', [x], {}, { name: 'shape' });
    b.output(b.op('Reshape', [b.op('Relu', [x]), shape], {}, { name: 'same' }));
    await writeModel(b.build(), join(cwd, 'shapes.onnx'));
    const { stdout } = await call('inspect', 'shapes.onnx');
    expect(stdout).toContain(
      'gradients flow through every node (not needed through 1 that computes a shape or an index)',
    );
    const { stdout: json } = await call('inspect', '--json', 'shapes.onnx');
    expect(JSON.parse(json)).toMatchObject({ notDifferentiable: [], withoutNeed: 1 });
  });

  it('counts quantized weights at the layer that computes with them', async () => {
    const b = new GraphBuilder();
    const x = b.input('x', 'float32', ['batch', 3]);
    const int8 = (name: string, ...dims: number[]) =>
      b.initializer(name, { dataType: 'int8', dims, bytes: new Uint8Array(dims.reduce((m, n) => m * n)).fill(1) });
    const weight = b.op('DequantizeLinear', [int8('fc.weight', 3, 2), b.scalar(0.5)], {}, { name: 'dequantize' });
    const fc = b.op('MatMul', [x, weight], {}, { name: 'fc' });
    const [whole] = b.ops('DynamicQuantizeLinear', [fc], 3, {}, { name: 'quantize' });
    b.output(b.op('MatMulInteger', [whole!, int8('out.weight', 2, 5)], {}, { name: 'out' }));
    await writeModel(b.build(), join(cwd, 'int8.onnx'));
    const { stdout } = await call('inspect', '--json', 'int8.onnx');
    const { nodes, parameters } = JSON.parse(stdout);
    expect(nodes.map((node: { name: string; parameters: number }) => [node.name, node.parameters])).toEqual([
      ['dequantize', 0],
      ['fc', 6],
      ['quantize', 0],
      ['out', 10],
    ]);
    expect(parameters).toBe(16);
  });

  it('gives the same as JSON', async () => {
    const { stdout } = await call('inspect', '--json', 'model.onnx');
    expect(JSON.parse(stdout)).toMatchObject({
      parameters: 6,
      nonzeroParameters: 4,
      macs: 6,
      operators: { MatMul: 1, ArgMax: 1 },
      notDifferentiable: [{ name: 'best', opType: 'ArgMax' }],
    });
  });

  it('says of another file that it is none, without a stack trace', async () => {
    writeFileSync(join(cwd, 'notes.txt'), 'These are notes.');
    const { code, stderr } = await call('inspect', 'notes.txt');
    expect(code).toBe(2);
    expect(stderr).toContain('[ONNX_DECODE]');
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('lathe plugins', () => {
  it('lists what there is, and with --recipe what the recipe brings', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), TOY_RECIPE);
    const own = await call('plugins');
    expect(own.stdout).toMatch(/^ {2}train /m);
    expect(own.stdout).toMatch(/^ {2}idx /m);
    expect(own.stdout).toMatch(/^ {2}lenet5 /m);
    expect(own.stdout).not.toContain('toy-make');
    expect((await call('plugins', '--recipe', 'recipe.yaml')).stdout).toContain('toy-make');
  });

  it('shows the options of one, with types, defaults and descriptions', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), TOY_RECIPE);
    const { stdout } = await call('plugins', 'toy-make', '--recipe', 'recipe.yaml');
    expect(stdout).toContain('Makes a model of a few random numbers.');
    expect(stdout).toContain('Inputs: none. Outputs: model.\nMetrics: loss.');
    expect(stdout).toContain('  size  whole number >= 1, default 4\n      How many numbers.');
  });
});

describe('lathe schema', () => {
  it("prints a JSON Schema with every built-in's options, and with a recipe's own", async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), TOY_RECIPE);
    const own = JSON.parse((await call('schema')).stdout) as { $defs: Record<string, unknown> };
    expect(Object.keys(own.$defs)).toContain('stage-train');
    const { stdout } = await call('schema', '--recipe', 'recipe.yaml');
    expect(stdout).toContain('"stage-toy-make"');
    expect(stdout).toContain('How many numbers.');
  });

  it('writes it to a file, and tells with --check whether that is up to date', async () => {
    expect((await call('schema', '--write', 'schema.json')).code).toBe(0);
    expect((await call('schema', '--check', 'schema.json')).code).toBe(0);
    writeFileSync(join(cwd, 'schema.json'), '{}');
    const { code, stderr } = await call('schema', '--check', 'schema.json');
    expect(code).toBe(1);
    expect(stderr).toContain('[CLI_SCHEMA_STALE]');
  });
});

describe('lathe init', () => {
  it('writes a recipe that runs, and says what to do next', async () => {
    const { code, stdout } = await call('init', 'mine');
    expect(code).toBe(0);
    expect(stdout).toBe('Wrote recipe.yaml and .gitignore. Next:\n  cd mine && lathe run\n');
    const run = await lathe(['run', '--set', 'epochs=1'], { cwd: join(cwd, 'mine') });
    expect(run.stderr).toBe('');
    // One epoch may miss the recipe's gate; whatever else went wrong would be another code.
    expect([0, 3]).toContain(run.code);
    expect(run.stdout).toMatch(/^int8 .*%/m);
  });

  it('says it as the user has called it, so that a shell understands it', async () => {
    const bin = join(cwd, 'node_modules', '.bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(LATHE, join(bin, 'lathe'));
    const installed = execFileSync(process.execPath, [join(bin, 'lathe'), 'init', 'my "model"'], {
      cwd,
      encoding: 'utf8',
    });
    expect(installed).toBe('Wrote recipe.yaml and .gitignore. Next:\n  cd "my \\"model\\"" && npx lathe run\n');
    const fetched = await lathe(['init', 'other'], { cwd, env: { npm_command: 'exec' } });
    expect(fetched.stdout).toContain('  cd other && npx lathe run\n');
  });

  it('names the schema where the project has it, for editors', async () => {
    const schemaOf = (folder: string) =>
      /\$schema=(.*)/.exec(readFileSync(join(cwd, folder, 'recipe.yaml'), 'utf8'))![1];
    await call('init', 'alone');
    expect(schemaOf('alone')).toBe('./node_modules/onnx-lathe/schemas/recipe.generated.schema.json');
    mkdirSync(join(cwd, 'node_modules', 'onnx-lathe'), { recursive: true });
    await call('init', 'models/mine');
    expect(schemaOf('models/mine')).toBe('../../node_modules/onnx-lathe/schemas/recipe.generated.schema.json');
  });

  it('touches nothing in a folder that is not empty', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), 'mine');
    const { code, stderr } = await call('init');
    expect(code).toBe(2);
    expect(stderr).toContain('it has recipe.yaml.');
    expect(readFileSync(join(cwd, 'recipe.yaml'), 'utf8')).toBe('mine');
    expect(existsSync(join(cwd, '.gitignore'))).toBe(false);
  });
});

describe('lathe gc', () => {
  it('removes what no run needs any more, and tells how much; a dry run only tells', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), SWEPT.replace('LIMIT', '0.5'));
    expect((await lathe(['run', '--no-lock'], { cwd })).code).toBe(0);
    expect((await call('gc')).stdout).toMatch(/^Nothing to remove\. Kept: 2 results, /);
    writeFileSync(join(cwd, 'recipe.yaml'), SWEPT.replace('LIMIT', '0.9'));
    expect((await lathe(['run', '--no-lock'], { cwd })).code).toBe(0);
    const told = await call('gc', '--keep-runs', '1', '--dry-run');
    expect(told.stdout).toMatch(/^Would remove 1 result, 1 model file: .* Kept: 2 results, /);
    expect((await call('gc', '--keep-runs', '1')).stdout).toBe(told.stdout.replace('Would remove', 'Removed'));
    expect((await call('gc', '--max-size', 'plenty')).stderr).toContain('--max-size plenty is not understood.');
  });
});

describe('lathe cache verify', () => {
  it('finds damage, exits with 5, and the next run computes what is missing', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), SWEPT.replace('LIMIT', '0.5'));
    await lathe(['run'], { cwd });
    expect((await call('cache', 'verify')).stdout).toMatch(/^All is as it was stored: 2 results, 2 model files, /);
    const { path } = lastRun(cwd).stages[0]!.outputs.model!;
    chmodSync(path, 0o644);
    writeFileSync(path, 'rubbish');
    const { code, stderr } = await call('cache', 'verify');
    expect(code).toBe(5);
    expect(stderr).toMatch(/^damaged: v1\/cas\/.*\nwithout its model: v1\/ac\//);
    await lathe(['run'], { cwd });
    expect(statuses(lastRun(cwd))).toEqual(['base ran', 'small cached']);
    expect((await call('cache', 'verify')).code).toBe(0);
  });
});

const SWEPT = `version: 1
plugins: [${JSON.stringify(TOY_PLUGIN)}]
stages:
  - { id: base, uses: toy-make }
  - { id: small, uses: toy-shrink, with: { limit: LIMIT } }
`;

describe('where the system is at fault', () => {
  const inShell = (script: string) =>
    new Promise<{ code: number | null; stderr: string }>((resolve) => {
      execFile('sh', ['-c', script, process.execPath, LATHE], { cwd }, (error, _, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stderr }),
      );
    });

  it('a folder that was removed under its feet is named', async () => {
    const { code, stderr } = await inShell('mkdir gone && cd gone && rmdir ../gone && "$0" "$1" plan');
    expect(code).toBe(5);
    expect(stderr).toMatch(/^The folder in which lathe was called is not there any more\.\n.*\[CLI_FOLDER_GONE\]\n$/);
  });

  it.skipIf(!existsSync('/dev/full'))('a run whose words find no room goes on, and exits with 5', async () => {
    writeFileSync(join(cwd, 'recipe.yaml'), TOY_RECIPE);
    const { code, stderr } = await inShell(`LATHE_ALLOW_PATH="${dirname(TOY_PLUGIN)}" "$0" "$1" run > /dev/full`);
    expect(code).toBe(5);
    // Once, however many lines are lost.
    expect(stderr.split('Standard output cannot be written (ENOSPC): what it lacks is lost.\n')).toHaveLength(2);
    expect(stderr).not.toMatch(/ at |Warning/);
    expect(statuses(lastRun(cwd))).toEqual(['base ran', 'small ran']);
  });

  it('a folder or a device in the place of a model is said to be one', async () => {
    expect((await call('inspect', '.')).stderr).toContain(
      'is a folder, not a file.\nName the file in it.  [FILE_READ]',
    );
    expect((await call('inspect', '/dev/zero')).stderr).toContain('/dev/zero is a device, not a file.');
  });
});

describe('a command line that is not understood', () => {
  it.each([
    ['history', ['history', '--format', 'json'], '(lathe history --help lists the options)'],
    ['cache verify', ['cache', 'verify', 'x'], '(lathe cache verify --help lists the options)'],
    ['a group of commands', ['cache', 'verfy'], '(lathe cache --help lists the commands)'],
    ['none', ['verfy'], '(lathe --help lists the commands)'],
  ])('says where help is: %s', async (_, argv, hint) => {
    const { code, stderr } = await call(...argv);
    expect(code).toBe(2);
    expect(stderr.trimEnd().endsWith(hint)).toBe(true);
  });

  it('help tells the defaults that say something', async () => {
    const { stdout } = await call('run', '--help');
    expect(stdout).toContain('(default: ".lathe/cache")');
    expect(stdout).not.toMatch(/default:\s+(false|\[\])/);
    expect((await call('gradcheck', '--help')).stdout).toContain('(default: 0.01)');
  });

  it('a cache in a folder without a name is refused', async () => {
    const { code, stderr } = await call('run', '--cache-dir', '');
    expect(code).toBe(2);
    expect(stderr).toContain('It must be the name of a folder.');
  });
});
